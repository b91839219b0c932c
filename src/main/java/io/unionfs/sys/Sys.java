package io.unionfs.sys;

import static io.unionfs.sys.CallArea.EMPTY;
import static io.unionfs.sys.CallArea.PATH_BYTES;
import static io.unionfs.sys.CallArea.SECOND;
import static io.unionfs.sys.CallArea.STRUCT;
import static io.unionfs.sys.CallArea.VALUE;
import static io.unionfs.sys.CallArea.VALUE_BYTES;
import static io.unionfs.sys.CallArea.area;
import static io.unionfs.sys.CallArea.bytes;
import static io.unionfs.sys.CallArea.put;
import static io.unionfs.sys.CallArea.putProcPath;
import static io.unionfs.sys.CallArea.tooLong;
import static io.unionfs.sys.Native.check;
import static io.unionfs.sys.Native.checked;
import static io.unionfs.sys.Native.errnoOf;
import static io.unionfs.sys.Native.interrupted;
import static io.unionfs.sys.Native.orErrno;

import org.jspecify.annotations.Nullable;

/**
 * The system calls of Linux, through the C library.
 *
 * <p>Methods throw the errno of the call; those whose name begins with {@code try} return it
 * instead (0 or an errno; a descriptor, length or offset, or the negated errno). {@code EINTR} is
 * retried where the call can be repeated. Names are single components unless a method says path; no
 * method follows a symbolic link in a name's place unless it says so. Not final: tests make calls
 * fail by overriding them. Safe for use by any number of threads.
 */
public class Sys {
  /* Numbers of calls without a wrapper in glibc 2.36; from 424 on the same on every architecture. */
  private static final int SYS_OPEN_TREE = 428;
  private static final int SYS_PIDFD_OPEN = 434;
  private static final int SYS_OPENAT2 = 437;
  private static final int POLLIN = 1;
  private static final int SYS_MOUNT_SETATTR = 442;
  private static final int SYS_FCHMODAT2 = 452;

  private static final long FS_IOC_GETFLAGS = 0x80086601L;
  private static final long FS_IOC_SETFLAGS = 0x40086602L;
  private static final long FS_IOC_FSGETXATTR = 0x801c581fL;
  private static final long FS_IOC_FSSETXATTR = 0x401c5820L;
  private static final int FSXATTR_BYTES = 28;
  private static final long FICLONE = 0x40049409L;
  private static final long FS_IOC_GETFSUUID = 0x80111500L;
  private static final int STATX_WANTED = 0x7ff | 0x800 | 0x1000; // basic, btime, mount id
  private static final int STATX_FLAGS = Linux.AT_SYMLINK_NOFOLLOW | Linux.AT_NO_AUTOMOUNT;
  private static final int CREATING = Linux.O_CREAT | (Linux.O_TMPFILE & ~Linux.O_DIRECTORY);
  private static final int RACES = 100;
  private static final int MAX_HANDLE_BYTES = 128;

  private static final long F_OPEN = Native.symbol("open");
  private static final long F_OPENAT = Native.symbol("openat");
  private static final long F_CLOSE = Native.symbol("close");
  private static final long F_SYSCALL = Native.symbol("syscall");
  private static final long F_STATX = Native.symbol("statx");
  private static final long F_READLINKAT = Native.symbol("readlinkat");
  private static final long F_SYMLINKAT = Native.symbol("symlinkat");
  private static final long F_MKDIRAT = Native.symbol("mkdirat");
  private static final long F_MKNODAT = Native.symbol("mknodat");
  private static final long F_UNLINKAT = Native.symbol("unlinkat");
  private static final long F_RENAMEAT2 = Native.symbol("renameat2");
  private static final long F_LINKAT = Native.symbol("linkat");
  private static final long F_FCHMOD = Native.symbol("fchmod");
  private static final long F_CHMOD = Native.symbol("chmod");
  private static final long F_FCHOWNAT = Native.symbol("fchownat");
  private static final long F_UTIMENSAT = Native.symbol("utimensat");
  private static final long F_FTRUNCATE = Native.symbol("ftruncate");
  private static final long F_READ = Native.symbol("read");
  private static final long F_PREAD = Native.symbol("pread64");
  private static final long F_PWRITE = Native.symbol("pwrite64");
  private static final long F_WRITE = Native.symbol("write");
  private static final long F_FSYNC = Native.symbol("fsync");
  private static final long F_FDATASYNC = Native.symbol("fdatasync");
  private static final long F_SYNCFS = Native.symbol("syncfs");
  private static final long F_SYNC_FILE_RANGE = Native.symbol("sync_file_range");
  private static final long F_FALLOCATE = Native.symbol("fallocate");
  private static final long F_LSEEK = Native.symbol("lseek");
  private static final long F_COPY_FILE_RANGE = Native.symbol("copy_file_range");
  private static final long F_IOCTL = Native.symbol("ioctl");
  private static final long F_FSTATFS = Native.symbol("fstatfs");
  private static final long F_GETDENTS64 = Native.symbol("getdents64");
  private static final long F_NAME_TO_HANDLE_AT = Native.symbol("name_to_handle_at");
  private static final long F_OPEN_BY_HANDLE_AT = Native.symbol("open_by_handle_at");
  private static final long F_FLOCK = Native.symbol("flock");
  private static final long F_DUP3 = Native.symbol("dup3");
  private static final long F_FCNTL = Native.symbol("fcntl");
  private static final long F_MOUNT = Native.symbol("mount");
  private static final long F_UMOUNT2 = Native.symbol("umount2");
  private static final long F_POLL = Native.symbol("poll");
  private static final long F_GETRANDOM = Native.symbol("getrandom");

  private static final int F_DUPFD_CLOEXEC = 1030;

  private static final Sys LINUX = new Sys();

  private final XattrCalls xattrs;
  private final boolean fchmodAt2;

  /** The calls of the running kernel. */
  protected Sys() {
    this(XattrCalls.ofRunningKernel(), hasFchmodAt2());
  }

  /** The calls of the running kernel, or of one that is older. */
  Sys(XattrCalls xattrs, boolean fchmodAt2) {
    this.xattrs = xattrs;
    this.fchmodAt2 = fchmodAt2;
  }

  /*
   * A kernel that has a call looks at the descriptor and says EBADF. One that has not says ENOSYS,
   * and a container's filter perhaps EPERM, which in a real call could mean something else.
   */
  private static boolean hasFchmodAt2() {
    long at = area();
    Name.DOT.copyTo(at);
    long result = Native.call(F_SYSCALL, SYS_FCHMODAT2, -1, at, 0, Linux.AT_SYMLINK_NOFOLLOW);
    return errnoOf(result) == Errno.EBADF;
  }

  /** The calls of the running kernel. */
  public static Sys linux() {
    return LINUX;
  }

  // ---- open

  /** Opens a name; {@code O_CLOEXEC} and {@code O_NOFOLLOW} are always added. */
  public int openat(int dirFd, Name name, int flags, int mode) throws ErrnoException {
    int fd = tryOpenat(dirFd, name, flags, mode);
    if (fd < 0) {
      throw ErrnoException.of(-fd);
    }
    return fd;
  }

  /** {@link #openat}, or the negated errno. */
  public int tryOpenat(int dirFd, Name name, int flags, int mode) {
    if (tooLong(name)) {
      return -Errno.ENAMETOOLONG;
    }
    long at = area();
    name.copyTo(at);
    long fd;
    do {
      fd =
          Native.call(
              F_OPENAT, dirFd, at, flags | Linux.O_CLOEXEC | Linux.O_NOFOLLOW, mode & 07777);
    } while (interrupted(fd));
    return orErrno(fd);
  }

  /**
   * openat2(2) of a relative path of any number of components.
   *
   * @param resolve the {@code RESOLVE_} constants
   * @return a descriptor or the negated errno, {@code -ENOSYS} before Linux 5.6
   */
  public int tryOpenBeneath(int dirFd, byte[] path, int flags, int mode, long resolve) {
    if (path.length >= PATH_BYTES) {
      return -Errno.ENAMETOOLONG;
    }
    long at = area();
    NativeMemory.putBytes(at, path, 0, path.length);
    NativeMemory.putByte(at + path.length, (byte) 0);
    long how = at + STRUCT;
    NativeMemory.putLong(how, (flags | Linux.O_CLOEXEC) & 0xffffffffL);
    NativeMemory.putLong(how + 8, (flags & CREATING) == 0 ? 0 : mode & 07777);
    NativeMemory.putLong(how + 16, resolve);
    int fd;
    int raced = 0;
    do {
      fd = orErrno(Native.call(F_SYSCALL, SYS_OPENAT2, dirFd, at, how, 24));
      // EAGAIN: a rename elsewhere; but with O_NONBLOCK also a lease, which stays
    } while (fd == -Errno.EINTR || (fd == -Errno.EAGAIN && raced++ < RACES));
    return fd;
  }

  /** Opens a path, following links: for start-up only. {@code O_CLOEXEC} is added. */
  public int openPath(byte[] path, int flags, int mode) throws ErrnoException {
    long at = put(area(), path);
    long fd;
    do {
      fd = Native.call(F_OPEN, at, flags | Linux.O_CLOEXEC, mode & 07777);
    } while (interrupted(fd));
    return checked(fd);
  }

  /**
   * Closes a descriptor. What close(2) reports of earlier writes was reported by those.
   *
   * @throws IllegalStateException if it is not open: somebody closed what was not his
   */
  public void close(int fd) {
    if ((int) Native.call(F_CLOSE, fd) == -1 && Native.errno() == Errno.EBADF) {
      throw new IllegalStateException("closed twice: descriptor " + fd);
    }
  }

  public int dup(int fd) throws ErrnoException {
    return checked(Native.call(F_FCNTL, fd, F_DUPFD_CLOEXEC, 0));
  }

  /** Makes {@code to} refer to what {@code from} does, to be kept over exec. */
  public void dup2(int from, int to) throws ErrnoException {
    if (from == to) {
      return;
    }
    check(Native.call(F_DUP3, from, to, 0));
  }

  // ---- stat

  /** statx(2) of a name: 0 or an errno. */
  public int tryStatx(int dirFd, Name name, Stat out) {
    return statx(dirFd, name, STATX_FLAGS, out);
  }

  /** The same from what the kernel has cached: a network or FUSE file system is not asked. */
  public int tryStatxCached(int dirFd, Name name, Stat out) {
    return statx(dirFd, name, STATX_FLAGS | Linux.AT_STATX_DONT_SYNC, out);
  }

  private static int statx(int dirFd, Name name, int flags, Stat out) {
    if (tooLong(name)) {
      return Errno.ENAMETOOLONG;
    }
    long at = area();
    name.copyTo(at);
    if ((int) Native.call(F_STATX, dirFd, at, flags, STATX_WANTED, at + STRUCT) == -1) {
      return Native.errno();
    }
    out.read(at + STRUCT);
    return 0;
  }

  public void statx(int dirFd, Name name, Stat out) throws ErrnoException {
    int errno = tryStatx(dirFd, name, out);
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
  }

  /** The attributes of a descriptor of any kind. */
  public void fstatx(int fd, Stat out) throws ErrnoException {
    int errno = statx(fd, EMPTY, Linux.AT_EMPTY_PATH, out);
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
  }

  /** The attributes of a path, for start-up. */
  public void statxPath(byte[] path, boolean follow, Stat out) throws ErrnoException {
    int errno = statx(Linux.AT_FDCWD, Name.of(path), follow ? 0 : Linux.AT_SYMLINK_NOFOLLOW, out);
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
  }

  // ---- names

  public byte[] readlinkat(int dirFd, Name name) throws ErrnoException {
    long at = put(area(), name);
    long value = at + VALUE;
    int length = checked(Native.call(F_READLINKAT, dirFd, at, value, VALUE_BYTES));
    return bytes(value, length);
  }

  /** The target of the link that an {@code O_PATH} descriptor is. */
  public byte[] readlinkFd(int fd) throws ErrnoException {
    return readlinkat(fd, EMPTY);
  }

  public void symlinkat(byte[] target, int dirFd, Name name) throws ErrnoException {
    long at = area();
    check(Native.call(F_SYMLINKAT, put(at, target), dirFd, put(at + SECOND, name)));
  }

  public void mkdirat(int dirFd, Name name, int mode) throws ErrnoException {
    check(Native.call(F_MKDIRAT, dirFd, put(area(), name), mode & 07777));
  }

  /**
   * Makes a node.
   *
   * @param mode type and permission bits
   */
  public void mknodat(int dirFd, Name name, int mode, long rdev) throws ErrnoException {
    check(Native.call(F_MKNODAT, dirFd, put(area(), name), mode, rdev));
  }

  public void unlinkat(int dirFd, Name name, int flags) throws ErrnoException {
    int errno = tryUnlinkat(dirFd, name, flags);
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
  }

  public int tryUnlinkat(int dirFd, Name name, int flags) {
    if (tooLong(name)) {
      return Errno.ENAMETOOLONG;
    }
    long at = area();
    name.copyTo(at);
    return errnoOf(Native.call(F_UNLINKAT, dirFd, at, flags));
  }

  public void renameat2(int oldDir, Name oldName, int newDir, Name newName, int flags)
      throws ErrnoException {
    int errno = tryRenameat2(oldDir, oldName, newDir, newName, flags);
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
  }

  public int tryRenameat2(int oldDir, Name oldName, int newDir, Name newName, int flags) {
    if (tooLong(oldName) || tooLong(newName)) {
      return Errno.ENAMETOOLONG;
    }
    long at = area();
    oldName.copyTo(at);
    newName.copyTo(at + SECOND);
    return errnoOf(Native.call(F_RENAMEAT2, oldDir, at, newDir, at + SECOND, flags));
  }

  public void linkat(int oldDir, Name oldName, int newDir, Name newName) throws ErrnoException {
    int errno = tryLinkat(oldDir, oldName, newDir, newName);
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
  }

  public int tryLinkat(int oldDir, Name oldName, int newDir, Name newName) {
    if (tooLong(oldName) || tooLong(newName)) {
      return Errno.ENAMETOOLONG;
    }
    long at = area();
    oldName.copyTo(at);
    newName.copyTo(at + SECOND);
    return errnoOf(Native.call(F_LINKAT, oldDir, at, newDir, at + SECOND, 0));
  }

  /** Gives the file of a descriptor a name; {@code ENOENT} if it was removed. */
  public void linkFd(int fd, int newDir, Name newName) throws ErrnoException {
    long at = area();
    put(at + SECOND, newName);
    put(at, EMPTY);
    int errno = errnoOf(Native.call(F_LINKAT, fd, at, newDir, at + SECOND, Linux.AT_EMPTY_PATH));
    if (errno == Errno.ENOENT || errno == Errno.EPERM) {
      putProcPath(at, fd);
      errno =
          errnoOf(
              Native.call(
                  F_LINKAT, Linux.AT_FDCWD, at, newDir, at + SECOND, Linux.AT_SYMLINK_FOLLOW));
    }
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
  }

  // ---- metadata

  /** Sets permission bits; {@code EOPNOTSUPP} for a symbolic link. */
  public void fchmodat(int dirFd, Name name, int mode) throws ErrnoException {
    if (fchmodAt2) {
      long at = put(area(), name);
      check(
          Native.call(
              F_SYSCALL, SYS_FCHMODAT2, dirFd, at, mode & 07777, Linux.AT_SYMLINK_NOFOLLOW));
      return;
    }
    try (Fd fd = new Fd(this, openat(dirFd, name, Linux.O_PATH, 0))) {
      chmodOpath(fd.raw(), mode);
    }
  }

  private void chmodOpath(int fd, int mode) throws ErrnoException {
    Stat stat = new Stat();
    fstatx(fd, stat);
    if (stat.isSymlink()) {
      throw ErrnoException.of(Errno.EOPNOTSUPP);
    }
    long at = area();
    putProcPath(at, fd);
    check(Native.call(F_CHMOD, at, mode & 07777));
  }

  public void fchmod(int fd, int mode) throws ErrnoException {
    int errno = errnoOf(Native.call(F_FCHMOD, fd, mode & 07777));
    if (errno == Errno.EBADF) {
      chmodOpath(fd, mode);
    } else if (errno != 0) {
      throw ErrnoException.of(errno);
    }
  }

  /** Sets owner and group, -1 leaving one as it is. */
  public void fchownat(int dirFd, Name name, int uid, int gid) throws ErrnoException {
    check(Native.call(F_FCHOWNAT, dirFd, put(area(), name), uid, gid, Linux.AT_SYMLINK_NOFOLLOW));
  }

  public void fchown(int fd, int uid, int gid) throws ErrnoException {
    check(Native.call(F_FCHOWNAT, fd, put(area(), EMPTY), uid, gid, Linux.AT_EMPTY_PATH));
  }

  /** Sets times in seconds and nanoseconds, or {@code UTIME_NOW} and {@code UTIME_OMIT}. */
  public void utimensat(int dirFd, Name name, long atime, int atimeNsec, long mtime, int mtimeNsec)
      throws ErrnoException {
    long at = put(area(), name);
    putTimes(at + STRUCT, atime, atimeNsec, mtime, mtimeNsec);
    check(Native.call(F_UTIMENSAT, dirFd, at, at + STRUCT, Linux.AT_SYMLINK_NOFOLLOW));
  }

  public void futimens(int fd, long atime, int atimeNsec, long mtime, int mtimeNsec)
      throws ErrnoException {
    long at = put(area(), EMPTY);
    putTimes(at + STRUCT, atime, atimeNsec, mtime, mtimeNsec);
    int errno = errnoOf(Native.call(F_UTIMENSAT, fd, at, at + STRUCT, Linux.AT_EMPTY_PATH));
    if (errno == Errno.EINVAL) { // AT_EMPTY_PATH here is younger than Linux 5.4
      putProcPath(at, fd);
      errno = errnoOf(Native.call(F_UTIMENSAT, Linux.AT_FDCWD, at, at + STRUCT, 0));
    }
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
  }

  private static void putTimes(long at, long atime, int atimeNsec, long mtime, int mtimeNsec) {
    NativeMemory.putLong(at, atime);
    NativeMemory.putLong(at + 8, atimeNsec);
    NativeMemory.putLong(at + 16, mtime);
    NativeMemory.putLong(at + 24, mtimeNsec);
  }

  // ---- data

  public void ftruncate(int fd, long size) throws ErrnoException {
    long result;
    do {
      result = Native.call(F_FTRUNCATE, fd, size);
    } while (interrupted(result));
    check(result);
  }

  /** Reads into native memory: the number of bytes, 0 at the end of the file. */
  public int pread(int fd, long address, int length, long offset) throws ErrnoException {
    long result;
    do {
      result = Native.call(F_PREAD, fd, address, length, offset);
    } while (interrupted(result));
    return checked(result);
  }

  /** Writes from native memory: the number of bytes, at most what was asked. */
  public int pwrite(int fd, long address, int length, long offset) throws ErrnoException {
    long result;
    do {
      result = Native.call(F_PWRITE, fd, address, length, offset);
    } while (interrupted(result));
    return checked(result);
  }

  /** read(2) into an array, at most 64 KiB at once; for what has no offsets, such as a pipe. */
  public int readArray(int fd, byte[] target, int start, int length) throws ErrnoException {
    long value = area() + VALUE;
    long result;
    do {
      result = Native.call(F_READ, fd, value, Math.min(length, VALUE_BYTES));
    } while (interrupted(result));
    int read = checked(result);
    NativeMemory.getBytes(value, target, start, read);
    return read;
  }

  /** {@link #pread} into an array, at most 64 KiB at once. */
  public int preadArray(int fd, byte[] target, int start, int length, long offset)
      throws ErrnoException {
    long value = area() + VALUE;
    int read = pread(fd, value, Math.min(length, VALUE_BYTES), offset);
    NativeMemory.getBytes(value, target, start, read);
    return read;
  }

  /** {@link #pwrite} from an array, at most 64 KiB at once. */
  public int pwriteArray(int fd, byte[] source, int start, int length, long offset)
      throws ErrnoException {
    long value = area() + VALUE;
    int part = Math.min(length, VALUE_BYTES);
    NativeMemory.putBytes(value, source, start, part);
    return pwrite(fd, value, part, offset);
  }

  /** Writes all bytes to a pipe, terminal or file at its offset. */
  public void write(int fd, byte[] data) throws ErrnoException {
    long value = area() + VALUE;
    int done = 0;
    while (done < data.length) {
      int part = Math.min(data.length - done, VALUE_BYTES);
      NativeMemory.putBytes(value, data, done, part);
      long result = Native.call(F_WRITE, fd, value, part);
      if (!interrupted(result)) {
        done += checked(result);
      }
    }
  }

  public void fsync(int fd) throws ErrnoException {
    check(Native.call(F_FSYNC, fd));
  }

  public void fdatasync(int fd) throws ErrnoException {
    check(Native.call(F_FDATASYNC, fd));
  }

  public void syncfs(int fd) throws ErrnoException {
    check(Native.call(F_SYNCFS, fd));
  }

  public void fallocate(int fd, int mode, long offset, long length) throws ErrnoException {
    long result;
    do {
      result = Native.call(F_FALLOCATE, fd, mode, offset, length);
    } while (interrupted(result));
    check(result);
  }

  public long lseek(int fd, long offset, int whence) throws ErrnoException {
    long result = tryLseek(fd, offset, whence);
    if (result < 0) {
      throw ErrnoException.of((int) -result);
    }
    return result;
  }

  /** The new offset or the negated errno. */
  public long tryLseek(int fd, long offset, int whence) {
    long result = Native.call(F_LSEEK, fd, offset, whence);
    return result == -1 ? -Native.errno() : result;
  }

  /** The number of bytes that copy_file_range(2) copied, or the negated errno. */
  public long tryCopyFileRange(int inFd, long inOffset, int outFd, long outOffset, long length) {
    long at = area() + STRUCT;
    long result;
    do {
      NativeMemory.putLong(at, inOffset);
      NativeMemory.putLong(at + 8, outOffset);
      result = Native.call(F_COPY_FILE_RANGE, inFd, at, outFd, at + 8, length, 0);
    } while (result == -1 && Native.errno() == Errno.EINTR);
    return result == -1 ? -Native.errno() : result;
  }

  /** Shares a whole file's data with another file (ioctl_ficlone(2)): 0 or an errno. */
  public int tryFiclone(int fromFd, int toFd) {
    return errnoOf(Native.call(F_IOCTL, toFd, FICLONE, fromFd));
  }

  /**
   * Starts the write-out of a part of a file, and with {@code wait} sees it to its end
   * (sync_file_range(2)); it makes nothing durable, but leaves less to a later fsync(2).
   */
  public void syncFileRange(int fd, long offset, long length, boolean wait) throws ErrnoException {
    int flags = wait ? 1 | 2 | 4 : 2; // SYNC_FILE_RANGE_WAIT_BEFORE, _WRITE, _WAIT_AFTER
    int errno = errnoOf(Native.call(F_SYNC_FILE_RANGE, fd, offset, length, flags));
    if (errno != 0 && errno != Errno.ENOSYS && errno != Errno.ESPIPE && errno != Errno.EINVAL) {
      throw ErrnoException.of(errno);
    }
  }

  /** The flags of ioctl_iflags(2). */
  public int getFileFlags(int fd) throws ErrnoException {
    long at = area() + STRUCT;
    NativeMemory.putLong(at, 0);
    check(Native.call(F_IOCTL, fd, FS_IOC_GETFLAGS, at));
    return NativeMemory.getInt(at);
  }

  public void setFileFlags(int fd, int flags) throws ErrnoException {
    long at = area() + STRUCT;
    NativeMemory.putLong(at, flags & 0xffffffffL);
    check(Native.call(F_IOCTL, fd, FS_IOC_SETFLAGS, at));
  }

  /** A {@code struct fsxattr} as bytes. */
  public byte[] getFsxattr(int fd) throws ErrnoException {
    long at = area() + STRUCT;
    NativeMemory.zero(at, FSXATTR_BYTES);
    check(Native.call(F_IOCTL, fd, FS_IOC_FSGETXATTR, at));
    return bytes(at, FSXATTR_BYTES);
  }

  public void setFsxattr(int fd, byte[] value) throws ErrnoException {
    long at = area() + STRUCT;
    NativeMemory.putBytes(at, value, 0, FSXATTR_BYTES);
    check(Native.call(F_IOCTL, fd, FS_IOC_FSSETXATTR, at));
  }

  public void fstatfs(int fd, StatFs out) throws ErrnoException {
    long at = area() + STRUCT;
    check(Native.call(F_FSTATFS, fd, at));
    out.read(at);
  }

  /** The bytes that getdents64(2) put at the address, 0 at the end. */
  public int getdents64(int fd, long address, int length) throws ErrnoException {
    return checked(Native.call(F_GETDENTS64, fd, address, length));
  }

  /** The file system's UUID of 16 bytes, or null where the kernel does not tell. */
  public byte @Nullable [] fileSystemUuid(int dirFd) throws ErrnoException {
    try (Fd fd = new Fd(this, openat(dirFd, Name.DOT, Linux.O_RDONLY | Linux.O_DIRECTORY, 0))) {
      long at = area() + STRUCT;
      if ((int) Native.call(F_IOCTL, fd.raw(), FS_IOC_GETFSUUID, at) == -1
          || NativeMemory.getByte(at) != 16) {
        return null;
      }
      return bytes(at + 1, 16);
    }
  }

  // ---- extended attributes

  /** The value of an extended attribute, or null for {@code ENODATA}. */
  public byte @Nullable [] getxattrat(int dirFd, Name name, Name xattr) throws ErrnoException {
    return xattrs.get(dirFd, name, xattr);
  }

  /** The length of the value put at the address, or the negated errno. */
  public int tryGetxattrat(int dirFd, Name name, Name xattr, long address, int size) {
    return xattrs.tryGet(dirFd, name, xattr, address, size);
  }

  /** {@link #getxattrat} of a descriptor of any kind. */
  public byte @Nullable [] fgetxattr(int fd, Name xattr) throws ErrnoException {
    return xattrs.get(fd, xattr);
  }

  public void setxattrat(int dirFd, Name name, Name xattr, byte[] value, int flags)
      throws ErrnoException {
    xattrs.set(dirFd, name, xattr, value, flags);
  }

  public void fsetxattr(int fd, Name xattr, byte[] value, int flags) throws ErrnoException {
    xattrs.set(fd, xattr, value, flags);
  }

  /** The names of an object's extended attributes, each ended by NUL. */
  public byte[] listxattrat(int dirFd, Name name) throws ErrnoException {
    return xattrs.list(dirFd, name);
  }

  public byte[] flistxattr(int fd) throws ErrnoException {
    return xattrs.list(fd);
  }

  public void removexattrat(int dirFd, Name name, Name xattr) throws ErrnoException {
    xattrs.remove(dirFd, name, xattr);
  }

  public void fremovexattr(int fd, Name xattr) throws ErrnoException {
    xattrs.remove(fd, xattr);
  }

  // ---- file handles

  /** The handle of a name, or null where the file system has none. */
  public @Nullable FileHandle nameToHandleAt(int dirFd, Name name) throws ErrnoException {
    return nameToHandleAt(dirFd, name, 0);
  }

  /** The handle of a descriptor's file, or null where the file system has none. */
  public @Nullable FileHandle handleOf(int fd) throws ErrnoException {
    return nameToHandleAt(fd, EMPTY, Linux.AT_EMPTY_PATH);
  }

  private static @Nullable FileHandle nameToHandleAt(int dirFd, Name name, int flags)
      throws ErrnoException {
    long at = put(area(), name);
    long handle = at + STRUCT;
    NativeMemory.putInt(handle, MAX_HANDLE_BYTES);
    int errno = errnoOf(Native.call(F_NAME_TO_HANDLE_AT, dirFd, at, handle, at + SECOND, flags));
    return switch (errno) {
      case 0 ->
          new FileHandle(
              NativeMemory.getInt(handle + 4),
              bytes(handle + 8, NativeMemory.getInt(handle)),
              NativeMemory.getInt(at + SECOND));
      case Errno.EOPNOTSUPP, Errno.ENOSYS, Errno.EOVERFLOW, Errno.EPERM -> null;
      default -> throw ErrnoException.of(errno);
    };
  }

  /** A descriptor of the file of a handle, or the negated errno. */
  public int tryOpenByHandleAt(int mountFd, FileHandle handle, int flags) {
    byte[] bytes = handle.bytes();
    if (bytes.length > MAX_HANDLE_BYTES) {
      return -Errno.EINVAL;
    }
    long at = area() + STRUCT;
    NativeMemory.putInt(at, bytes.length);
    NativeMemory.putInt(at + 4, handle.type());
    NativeMemory.putBytes(at + 8, bytes, 0, bytes.length);
    return orErrno(Native.call(F_OPEN_BY_HANDLE_AT, mountFd, at, flags | Linux.O_CLOEXEC));
  }

  // ---- mounts and locks

  /** A descriptor of a mount or of a clone of it (open_tree(2)); links in the path are followed. */
  public int openTree(int dirFd, byte[] path, int flags) throws ErrnoException {
    return checked(Native.call(F_SYSCALL, SYS_OPEN_TREE, dirFd, put(area(), path), flags));
  }

  /** Changes the attributes of the mount of a descriptor (mount_setattr(2)). */
  public void mountSetattr(int fd, int atFlags, long set, long clear) throws ErrnoException {
    long at = put(area(), EMPTY);
    long attr = at + STRUCT;
    NativeMemory.zero(attr, 32);
    NativeMemory.putLong(attr, set);
    NativeMemory.putLong(attr + 8, clear);
    check(Native.call(F_SYSCALL, SYS_MOUNT_SETATTR, fd, at, atFlags, attr, 32));
  }

  /** flock(2): 0 or an errno. */
  public int tryFlock(int fd, int operation) {
    long result;
    do {
      result = Native.call(F_FLOCK, fd, operation);
    } while (interrupted(result));
    return errnoOf(result);
  }

  public void mount(byte[] source, byte[] target, byte[] type, long flags, byte @Nullable [] data)
      throws ErrnoException {
    long at = area();
    put(at, source);
    put(at + SECOND, target);
    long typeAt = put(at + VALUE, type);
    long dataAt = data == null ? 0 : put(at + VALUE + SECOND, data); // the kernel takes a page
    check(Native.call(F_MOUNT, at, at + SECOND, typeAt, flags, dataAt));
  }

  public void umount2(byte[] target, int flags) throws ErrnoException {
    check(Native.call(F_UMOUNT2, put(area(), target), flags));
  }

  // ---- process

  /**
   * A descriptor that becomes readable when a process ends (pidfd_open(2)), or the negated errno.
   */
  public int tryPidfdOpen(int pid) {
    int fd = (int) Native.call(F_SYSCALL, SYS_PIDFD_OPEN, pid, 0);
    return fd == -1 ? -Native.errno() : fd;
  }

  /** Waits until a descriptor can be read, at most so many milliseconds; whether it can. */
  public boolean awaitReadable(int fd, int millis) throws ErrnoException {
    long at = area() + CallArea.STRUCT;
    NativeMemory.putInt(at, fd);
    NativeMemory.putInt(at + 4, POLLIN);
    int ready = (int) Native.call(F_POLL, at, 1, millis);
    if (ready == -1 && Native.errno() != Errno.EINTR) {
      throw ErrnoException.of(Native.errno());
    }
    return ready == 1;
  }

  /** A number that nobody can guess (getrandom(2)). */
  public long randomLong() throws ErrnoException {
    long at = area() + STRUCT;
    check(Native.call(F_GETRANDOM, at, Long.BYTES, 0)); // so few are given whole, or none
    return NativeMemory.getLong(at);
  }
}
