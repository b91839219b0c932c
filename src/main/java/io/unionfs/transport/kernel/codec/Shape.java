package io.unionfs.transport.kernel.codec;

/** What a request of each kind must have at least: a fixed part, then names ended by NUL. */
final class Shape {
  private static final int KINDS = 64;
  private static final byte[] FIXED = new byte[KINDS];
  private static final byte[] NAMES = new byte[KINDS];
  private static final boolean[] KNOWN = new boolean[KINDS];

  static {
    shape(Opcode.LOOKUP, 0, 1);
    shape(Opcode.FORGET, 8, 0);
    shape(Opcode.GETATTR, 16, 0);
    shape(Opcode.SETATTR, In.SETATTR_SIZE, 0);
    shape(Opcode.READLINK, 0, 0);
    shape(Opcode.SYMLINK, 0, 2);
    shape(Opcode.MKNOD, In.MKNOD_SIZE, 1);
    shape(Opcode.MKDIR, In.MKDIR_SIZE, 1);
    shape(Opcode.UNLINK, 0, 1);
    shape(Opcode.RMDIR, 0, 1);
    shape(Opcode.RENAME, In.RENAME_SIZE, 2);
    shape(Opcode.LINK, In.LINK_SIZE, 1);
    shape(Opcode.OPEN, In.OPEN_SIZE, 0);
    shape(Opcode.READ, In.IO_SIZE, 0);
    shape(Opcode.WRITE, In.IO_SIZE, 0);
    shape(Opcode.STATFS, 0, 0);
    shape(Opcode.RELEASE, In.RELEASE_SIZE, 0);
    shape(Opcode.FSYNC, In.FSYNC_SIZE, 0);
    shape(Opcode.SETXATTR, In.SETXATTR_SIZE, 1);
    shape(Opcode.GETXATTR, In.GETXATTR_SIZE, 1);
    shape(Opcode.LISTXATTR, In.GETXATTR_SIZE, 0);
    shape(Opcode.REMOVEXATTR, 0, 1);
    shape(Opcode.FLUSH, 24, 0);
    shape(Opcode.INIT, In.INIT_SIZE, 0);
    shape(Opcode.OPENDIR, In.OPEN_SIZE, 0);
    shape(Opcode.READDIR, In.IO_SIZE, 0);
    shape(Opcode.RELEASEDIR, In.RELEASE_SIZE, 0);
    shape(Opcode.FSYNCDIR, In.FSYNC_SIZE, 0);
    shape(Opcode.ACCESS, 8, 0);
    shape(Opcode.CREATE, In.CREATE_SIZE, 1);
    shape(Opcode.INTERRUPT, 8, 0);
    shape(Opcode.DESTROY, 0, 0);
    shape(Opcode.IOCTL, In.IOCTL_SIZE, 0);
    shape(Opcode.BATCH_FORGET, In.BATCH_SIZE, 0);
    shape(Opcode.FALLOCATE, In.FALLOCATE_SIZE, 0);
    shape(Opcode.READDIRPLUS, In.IO_SIZE, 0);
    shape(Opcode.RENAME2, In.RENAME2_SIZE, 2);
    shape(Opcode.LSEEK, In.LSEEK_SIZE, 0);
    shape(Opcode.COPY_FILE_RANGE, In.COPY_SIZE, 0);
    shape(Opcode.SYNCFS, 8, 0);
    shape(Opcode.TMPFILE, In.CREATE_SIZE, 1);
    shape(Opcode.STATX, 24, 0);
    shape(Opcode.COPY_FILE_RANGE_64, In.COPY_SIZE, 0);
  }

  private Shape() {}

  private static void shape(int opcode, int fixed, int names) {
    FIXED[opcode] = (byte) fixed;
    NAMES[opcode] = (byte) names;
    KNOWN[opcode] = true;
  }

  /** Whether requests of this kind are understood. */
  static boolean isKnown(int opcode) {
    return opcode >= 0 && opcode < KINDS && KNOWN[opcode];
  }

  /** The size of the fixed part in bytes. */
  static int fixed(int opcode) {
    return FIXED[opcode];
  }

  /** How many names follow. */
  static int names(int opcode) {
    return NAMES[opcode];
  }
}
