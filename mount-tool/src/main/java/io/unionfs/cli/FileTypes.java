package io.unionfs.cli;

import io.unionfs.sys.Linux;

/** The kinds of files, in words. */
final class FileTypes {
  private FileTypes() {}

  /**
   * The word for a type.
   *
   * @param type the type bits of a mode
   */
  static String name(int type) {
    return switch (type) {
      case Linux.S_IFREG -> "file";
      case Linux.S_IFDIR -> "directory";
      case Linux.S_IFLNK -> "symlink";
      case Linux.S_IFCHR -> "character device";
      case Linux.S_IFBLK -> "block device";
      case Linux.S_IFIFO -> "fifo";
      case Linux.S_IFSOCK -> "socket";
      default -> "unknown";
    };
  }
}
