package io.unionfs.layer;

import java.util.Locale;

/** The ways to say in a layer that a name of the layers below is deleted. */
public enum WhiteoutFormat {
  /** A character device 0:0 under the name, as kernel overlayfs writes it. */
  DEVICE,
  /** An empty file under the name with an xattr, as kernel overlayfs reads it in lowers. */
  XATTR,
  /** An empty file {@code .wh.NAME} beside it, as AUFS and OCI images have it. */
  AUFS;

  /**
   * The format of a name.
   *
   * @throws IllegalArgumentException for a name that is none, with a message for the user
   */
  public static WhiteoutFormat parse(String name) {
    for (WhiteoutFormat format : values()) {
      if (format.toString().equals(name)) {
        return format;
      }
    }
    throw new IllegalArgumentException("whiteout must be device, xattr, or aufs, not " + name);
  }

  /** The name as in the option. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
