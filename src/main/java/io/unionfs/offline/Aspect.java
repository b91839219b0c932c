package io.unionfs.offline;

import java.util.Locale;

/** In what way an object differs from what it was. */
public enum Aspect {
  /** Another kind of object is there. */
  TYPE,
  /** The data of a regular file. */
  CONTENT,
  /** Where a symbolic link leads. */
  TARGET,
  /** Which device a device node is. */
  DEVICE,
  MODE,
  OWNER,
  /** Extended attributes, ACLs and capabilities among them. */
  XATTRS;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
