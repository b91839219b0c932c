package io.unionfs.transport.kernel.codec;

/**
 * Where the fields of requests are: offsets from the end of {@code struct fuse_in_header}, and the
 * bits of their flags. Each {@code …_SIZE} is the size of the fixed part.
 */
public final class In {
  public static final int HEADER_SIZE = 40;

  public static final int INIT_MAJOR = 0;
  public static final int INIT_MINOR = 4;
  public static final int INIT_MAX_READAHEAD = 8;
  public static final int INIT_FLAGS = 12;
  public static final int INIT_FLAGS2 = 16;
  public static final int INIT_SIZE = 16;
  public static final int INIT_EXT_SIZE = 64;

  public static final int FORGET_NLOOKUP = 0;
  public static final int BATCH_COUNT = 0;
  public static final int BATCH_SIZE = 8;
  public static final int BATCH_ITEM_SIZE = 16;
  public static final int BATCH_ITEM_NLOOKUP = 8;

  public static final int SETATTR_VALID = 0;
  public static final int SETATTR_SIZE_FIELD = 16;
  public static final int SETATTR_ATIME = 32;
  public static final int SETATTR_MTIME = 40;
  public static final int SETATTR_ATIME_NSEC = 56;
  public static final int SETATTR_MTIME_NSEC = 60;
  public static final int SETATTR_MODE = 68;
  public static final int SETATTR_UID = 76;
  public static final int SETATTR_GID = 80;
  public static final int SETATTR_SIZE = 88;

  public static final int FATTR_MODE = 1;
  public static final int FATTR_UID = 1 << 1;
  public static final int FATTR_GID = 1 << 2;
  public static final int FATTR_SIZE = 1 << 3;
  public static final int FATTR_ATIME = 1 << 4;
  public static final int FATTR_MTIME = 1 << 5;
  public static final int FATTR_FH = 1 << 6;
  public static final int FATTR_ATIME_NOW = 1 << 7;
  public static final int FATTR_MTIME_NOW = 1 << 8;
  public static final int FATTR_CTIME = 1 << 10;
  public static final int FATTR_KILL_SUIDGID = 1 << 11;

  public static final int MKNOD_MODE = 0;
  public static final int MKNOD_RDEV = 4;
  public static final int MKNOD_UMASK = 8;
  public static final int MKNOD_SIZE = 16;

  public static final int MKDIR_MODE = 0;
  public static final int MKDIR_UMASK = 4;
  public static final int MKDIR_SIZE = 8;

  public static final int LINK_OLD_NODE_ID = 0;
  public static final int LINK_SIZE = 8;

  public static final int RENAME_NEW_DIR = 0;
  public static final int RENAME_SIZE = 8;
  public static final int RENAME2_FLAGS = 8;
  public static final int RENAME2_SIZE = 16;

  public static final int OPEN_FLAGS = 0;
  public static final int OPEN_OPEN_FLAGS = 4;
  public static final int OPEN_SIZE = 8;
  public static final int OPEN_KILL_SUIDGID = 1;

  public static final int CREATE_FLAGS = 0;
  public static final int CREATE_MODE = 4;
  public static final int CREATE_UMASK = 8;
  public static final int CREATE_SIZE = 16;

  /** Of READ, WRITE, READDIR and READDIRPLUS. */
  public static final int IO_FH = 0;

  public static final int IO_OFFSET = 8;
  public static final int IO_LENGTH = 16;
  public static final int IO_FLAGS = 20;
  public static final int IO_SIZE = 40;
  public static final int WRITE_CACHE = 1;
  public static final int WRITE_KILL_SUIDGID = 1 << 2;

  public static final int RELEASE_FH = 0;
  public static final int RELEASE_SIZE = 24;

  public static final int FSYNC_FLAGS = 8;
  public static final int FSYNC_SIZE = 16;
  public static final int FSYNC_FDATASYNC = 1;

  public static final int SETXATTR_LENGTH = 0;
  public static final int SETXATTR_FLAGS = 4;
  public static final int SETXATTR_EXT_FLAGS = 8;
  public static final int SETXATTR_SIZE = 8;
  public static final int SETXATTR_EXT_SIZE = 16;
  public static final int SETXATTR_ACL_KILL_SGID = 1;

  /** Of GETXATTR and LISTXATTR. */
  public static final int GETXATTR_LENGTH = 0;

  public static final int GETXATTR_SIZE = 8;

  public static final int INTERRUPT_UNIQUE = 0;

  public static final int IOCTL_FLAGS = 8;
  public static final int IOCTL_CMD = 12;
  public static final int IOCTL_IN_LENGTH = 24;
  public static final int IOCTL_OUT_LENGTH = 28;
  public static final int IOCTL_SIZE = 32;

  public static final int FALLOCATE_OFFSET = 8;
  public static final int FALLOCATE_LENGTH = 16;
  public static final int FALLOCATE_MODE = 24;
  public static final int FALLOCATE_SIZE = 32;

  public static final int LSEEK_OFFSET = 8;
  public static final int LSEEK_WHENCE = 16;
  public static final int LSEEK_SIZE = 24;

  public static final int COPY_OFFSET_IN = 8;
  public static final int COPY_NODE_ID_OUT = 16;
  public static final int COPY_OFFSET_OUT = 32;
  public static final int COPY_LENGTH = 40;
  public static final int COPY_FLAGS = 48;
  public static final int COPY_SIZE = 56;

  private In() {}
}
