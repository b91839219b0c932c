package io.unionfs.sys;

/** The constants of Linux, as they are on this machine's architecture. */
public final class Linux {
  private static final boolean ARM = "aarch64".equals(System.getProperty("os.arch"));

  public static final int O_RDONLY = 0;
  public static final int O_WRONLY = 1;
  public static final int O_RDWR = 2;
  public static final int O_ACCMODE = 3;
  public static final int O_CREAT = 0100;
  public static final int O_EXCL = 0200;
  public static final int O_NOCTTY = 0400;
  public static final int O_TRUNC = 01000;
  public static final int O_APPEND = 02000;
  public static final int O_NONBLOCK = 04000;
  public static final int O_DSYNC = 010000;
  public static final int O_DIRECT = ARM ? 0200000 : 040000;
  public static final int O_LARGEFILE = ARM ? 0400000 : 0100000;
  public static final int O_DIRECTORY = ARM ? 040000 : 0200000;
  public static final int O_NOFOLLOW = ARM ? 0100000 : 0400000;
  public static final int O_NOATIME = 01000000;
  public static final int O_CLOEXEC = 02000000;
  public static final int O_SYNC = 04010000;
  public static final int O_PATH = 010000000;
  public static final int O_TMPFILE = 020000000 | O_DIRECTORY;

  public static final int AT_FDCWD = -100;
  public static final int AT_SYMLINK_NOFOLLOW = 0x100;
  public static final int AT_REMOVEDIR = 0x200;
  public static final int AT_SYMLINK_FOLLOW = 0x400;
  public static final int AT_NO_AUTOMOUNT = 0x800;
  public static final int AT_EMPTY_PATH = 0x1000;
  public static final int AT_STATX_DONT_SYNC = 0x4000;

  public static final int S_IFMT = 0170000;
  public static final int S_IFSOCK = 0140000;
  public static final int S_IFLNK = 0120000;
  public static final int S_IFREG = 0100000;
  public static final int S_IFBLK = 060000;
  public static final int S_IFDIR = 040000;
  public static final int S_IFCHR = 020000;
  public static final int S_IFIFO = 010000;
  public static final int S_ISUID = 04000;
  public static final int S_ISGID = 02000;
  public static final int S_ISVTX = 01000;

  public static final int DT_UNKNOWN = 0;
  public static final int DT_FIFO = 1;
  public static final int DT_CHR = 2;
  public static final int DT_DIR = 4;
  public static final int DT_BLK = 6;
  public static final int DT_REG = 8;
  public static final int DT_LNK = 10;
  public static final int DT_SOCK = 12;

  public static final int RENAME_NOREPLACE = 1;
  public static final int RENAME_EXCHANGE = 2;
  public static final int RENAME_WHITEOUT = 4;

  public static final int XATTR_CREATE = 1;
  public static final int XATTR_REPLACE = 2;

  public static final int FS_IMMUTABLE_FL = 0x10;
  public static final int FS_APPEND_FL = 0x20;
  public static final int FS_XFLAG_IMMUTABLE = 0x8;
  public static final int FS_XFLAG_APPEND = 0x10;

  public static final int UTIME_NOW = 0x3fffffff;
  public static final int UTIME_OMIT = 0x3ffffffe;

  public static final int SEEK_SET = 0;
  public static final int SEEK_CUR = 1;
  public static final int SEEK_END = 2;
  public static final int SEEK_DATA = 3;
  public static final int SEEK_HOLE = 4;

  public static final int FALLOC_FL_KEEP_SIZE = 1;
  public static final int FALLOC_FL_PUNCH_HOLE = 2;
  public static final int FALLOC_FL_COLLAPSE_RANGE = 8;
  public static final int FALLOC_FL_ZERO_RANGE = 16;
  public static final int FALLOC_FL_INSERT_RANGE = 32;
  public static final int FALLOC_FL_UNSHARE_RANGE = 64;

  public static final long RESOLVE_NO_XDEV = 1;
  public static final long RESOLVE_NO_MAGICLINKS = 2;
  public static final long RESOLVE_NO_SYMLINKS = 4;
  public static final long RESOLVE_BENEATH = 8;

  public static final int OPEN_TREE_CLONE = 1;
  public static final int OPEN_TREE_CLOEXEC = O_CLOEXEC;
  public static final long MOUNT_ATTR_RDONLY = 1;
  public static final long MOUNT_ATTR_NOSUID = 2;
  public static final long MOUNT_ATTR_NODEV = 4;
  public static final long MOUNT_ATTR_NOATIME = 0x10;
  public static final long MOUNT_ATTR__ATIME = 0x70;

  public static final int LOCK_SH = 1;
  public static final int LOCK_EX = 2;
  public static final int LOCK_NB = 4;
  public static final int LOCK_UN = 8;

  public static final long MS_RDONLY = 1;
  public static final long MS_NOSUID = 2;
  public static final long MS_NODEV = 4;
  public static final long MS_NOEXEC = 8;
  public static final long MS_REMOUNT = 32;
  public static final long MS_SYNCHRONOUS = 16;
  public static final long MS_DIRSYNC = 128;
  public static final long MS_NOSYMFOLLOW = 256;
  public static final long MS_NOATIME = 1024;
  public static final long MS_NODIRATIME = 2048;
  public static final long MS_BIND = 4096;
  public static final long MS_MOVE = 8192;
  public static final long MS_REC = 16384;
  public static final long MS_PRIVATE = 1 << 18;
  public static final long MS_SLAVE = 1 << 19;
  public static final long MS_RELATIME = 1 << 21;
  public static final long MS_STRICTATIME = 1 << 24;
  public static final long MS_LAZYTIME = 1 << 25;
  public static final int MNT_FORCE = 1;
  public static final int MNT_DETACH = 2;

  public static final int RLIMIT_FSIZE = 1;
  public static final int RLIMIT_NOFILE = 7;
  public static final long RLIM_INFINITY = -1;

  public static final int CAP_SYS_ADMIN = 21;
  public static final int CAP_SYS_RESOURCE = 24;

  public static final int PR_SET_IO_FLUSHER = 57;

  private Linux() {}

  public static boolean isDir(int mode) {
    return (mode & S_IFMT) == S_IFDIR;
  }

  public static boolean isReg(int mode) {
    return (mode & S_IFMT) == S_IFREG;
  }

  public static boolean isLnk(int mode) {
    return (mode & S_IFMT) == S_IFLNK;
  }

  public static boolean isChr(int mode) {
    return (mode & S_IFMT) == S_IFCHR;
  }

  public static boolean isBlk(int mode) {
    return (mode & S_IFMT) == S_IFBLK;
  }

  public static boolean isFifo(int mode) {
    return (mode & S_IFMT) == S_IFIFO;
  }

  public static boolean isSock(int mode) {
    return (mode & S_IFMT) == S_IFSOCK;
  }

  /** A device number as makedev(3) makes it. */
  public static long makedev(int major, int minor) {
    long high = major & 0xffffffffL;
    long low = minor & 0xffffffffL;
    return ((high & 0xfffff000L) << 32)
        | ((high & 0xfffL) << 8)
        | ((low & 0xffffff00L) << 12)
        | (low & 0xffL);
  }

  public static int major(long dev) {
    return (int) (((dev >>> 32) & 0xfffff000L) | ((dev >>> 8) & 0xfffL));
  }

  public static int minor(long dev) {
    return (int) (((dev >>> 12) & 0xffffff00L) | (dev & 0xffL));
  }
}
