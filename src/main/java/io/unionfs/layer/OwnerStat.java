package io.unionfs.layer;

import io.unionfs.sys.Linux;
import io.unionfs.sys.Stat;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What an override xattr says of an object: {@code uid:gid:mode[:type]}, the ids decimal, the mode
 * octal, the type one of {@code dir}, {@code file}, {@code symlink}, {@code pipe}, {@code socket},
 * {@code block-MAJOR-MINOR}, {@code char-MAJOR-MINOR} and whatever a later version appends to one
 * of these (pkg/idtools of containers/storage, {@code override_mode} of fuse-overlayfs).
 *
 * @param uid -1 where the object's own counts: fuse-overlayfs before 1.14 wrote that for chmod(2)
 * @param gid likewise
 * @param permissions the mode without type
 * @param type one of the {@code S_IF} constants, 0 where the object's own counts
 */
record OwnerStat(int uid, int gid, int permissions, int type, long rdev) {
  private static final int KEEP = -1;
  private static final long MOST_ID = 0xffffffffL;
  private static final int MODE_BITS = 0177777;

  /** Reads a value; null for what is none. */
  static @Nullable OwnerStat parse(byte[] value) {
    String[] parts = new String(value, StandardCharsets.ISO_8859_1).split(":", -1);
    if (parts.length < 3) {
      return null;
    }
    try {
      long uid = Long.parseLong(parts[0]);
      long gid = Long.parseLong(parts[1]);
      int mode = Integer.parseInt(parts[2], 8);
      boolean valid = isId(uid) && isId(gid) && mode >= 0 && mode <= MODE_BITS;
      if (!valid) {
        return null;
      }
      return parts.length == 3
          ? new OwnerStat((int) uid, (int) gid, mode & 07777, 0, 0)
          : ofType((int) uid, (int) gid, mode & 07777, parts[3]);
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /* printf's %d, which fuse-overlayfs writes ids with, makes the upper half negative. */
  private static boolean isId(long id) {
    return id >= Integer.MIN_VALUE && id <= MOST_ID;
  }

  private static @Nullable OwnerStat ofType(int uid, int gid, int permissions, String type) {
    if (type.startsWith("block") || type.startsWith("char")) {
      String[] parts = type.split("-", -1);
      if (parts.length < 3) {
        return null;
      }
      long rdev = Linux.makedev(Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
      boolean block = type.startsWith("block");
      return new OwnerStat(uid, gid, permissions, block ? Linux.S_IFBLK : Linux.S_IFCHR, rdev);
    }
    int bits = 0;
    if (type.startsWith("file")) {
      bits = Linux.S_IFREG;
    } else if (type.startsWith("dir")) {
      bits = Linux.S_IFDIR;
    } else if (type.startsWith("symlink")) {
      bits = Linux.S_IFLNK;
    } else if (type.startsWith("pipe")) {
      bits = Linux.S_IFIFO;
    } else if (type.startsWith("socket")) {
      bits = Linux.S_IFSOCK;
    }
    return bits == 0 ? null : new OwnerStat(uid, gid, permissions, bits, 0);
  }

  /** The value that says of an object what is shown of it. */
  static byte[] format(Stat shown) {
    String type =
        switch (shown.type()) {
          case Linux.S_IFDIR -> "dir";
          case Linux.S_IFLNK -> "symlink";
          case Linux.S_IFIFO -> "pipe";
          case Linux.S_IFSOCK -> "socket";
          case Linux.S_IFBLK -> device("block", shown.rdev);
          case Linux.S_IFCHR -> device("char", shown.rdev);
          default -> "file";
        };
    String octal = Integer.toOctalString(shown.permissions());
    return (Integer.toUnsignedString(shown.uid)
            + ":"
            + Integer.toUnsignedString(shown.gid)
            + ":"
            + "0".repeat(4 - octal.length())
            + octal
            + ":"
            + type)
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static String device(String type, long rdev) {
    return type + "-" + Linux.major(rdev) + "-" + Linux.minor(rdev);
  }

  /**
   * Whether an object of a type can stand for this: a regular file for a fifo, socket or device,
   * anything else only for what it is. A device 0:0 would be a whiteout.
   */
  boolean fits(int host) {
    if (type == 0 || type == host) {
      return true;
    }
    boolean device = type == Linux.S_IFBLK || type == Linux.S_IFCHR;
    boolean special = type == Linux.S_IFIFO || type == Linux.S_IFSOCK || (device && rdev != 0);
    return host == Linux.S_IFREG && special;
  }

  /** Makes an object's attributes those that are shown. */
  void applyTo(Stat stat) {
    if (uid != KEEP) {
      stat.uid = uid;
    }
    if (gid != KEEP) {
      stat.gid = gid;
    }
    if (type != 0 && type != stat.type()) {
      stat.rdev = rdev;
      stat.size = 0;
      stat.blocks = 0;
    }
    stat.mode = (type == 0 ? stat.type() : type) | permissions;
  }
}
