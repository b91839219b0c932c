package io.unionfs.layer;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * The value of a redirect mark (Documentation/filesystems/overlayfs.rst, "redirect_dir"): the place
 * in the layers below of what a directory, or a file without data of its own, goes on with.
 *
 * @param absolute whether the names lead down from the layer's root; else there is one name, in the
 *     same directory
 * @param names the names, at least one, none of them "." or ".."
 */
public record Redirect(boolean absolute, List<Name> names) {
  private static final int PATH_MAX = 4096;
  private static final int NAME_MAX = 255;

  /**
   * Reads the value of a mark.
   *
   * @throws ErrnoException {@code EINVAL} for a value that is no path down
   */
  public static Redirect parse(byte[] value) throws ErrnoException {
    if (value.length == 0 || value.length >= PATH_MAX) {
      throw ErrnoException.of(Errno.EINVAL);
    }
    boolean absolute = value[0] == '/';
    List<Name> names = new ArrayList<>();
    int start = absolute ? 1 : 0;
    for (int i = start; i <= value.length; i++) {
      if (i == value.length || value[i] == '/') {
        names.add(checked(Name.of(value, start, i - start)));
        start = i + 1;
      }
    }
    if (!absolute && names.size() > 1) {
      throw ErrnoException.of(Errno.EINVAL);
    }
    return new Redirect(absolute, List.copyOf(names));
  }

  private static Name checked(Name name) throws ErrnoException {
    boolean leadsDown =
        name.length() > 0
            && name.length() <= NAME_MAX
            && !name.equals(Name.DOT)
            && !name.equals(Name.DOTDOT);
    for (int i = 0; leadsDown && i < name.length(); i++) {
      leadsDown = name.byteAt(i) != 0;
    }
    if (!leadsDown) {
      throw ErrnoException.of(Errno.EINVAL);
    }
    return name;
  }

  /** The value as it stands in a mark. */
  public byte[] format() {
    ByteArrayOutputStream value = new ByteArrayOutputStream();
    for (Name name : names) {
      if (absolute) {
        value.write('/');
      }
      value.writeBytes(name.bytes());
    }
    return value.toByteArray();
  }

  /** The last of the names. */
  public Name last() {
    return names.get(names.size() - 1);
  }
}
