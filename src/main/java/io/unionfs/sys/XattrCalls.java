package io.unionfs.sys;

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
import static io.unionfs.sys.Native.errnoOf;
import static io.unionfs.sys.Native.orErrno;

import org.jspecify.annotations.Nullable;

/*
 * The calls by directory and name are Linux 6.13's; before that a link of /proc/self/fd is the way
 * to name an object below a descriptor, and lgetxattr(2) and its like do not follow the last
 * component.
 */
/** The system calls for extended attributes. */
final class XattrCalls {
  private static final byte[] NOTHING = {};
  private static final int SYS_SETXATTRAT = 463;
  private static final int SYS_GETXATTRAT = 464;
  private static final int SYS_LISTXATTRAT = 465;
  private static final int SYS_REMOVEXATTRAT = 466;
  private static final int XATTR_ARGS_BYTES = 16;

  private static final long F_SYSCALL = Native.symbol("syscall");
  private static final long F_FGETXATTR = Native.symbol("fgetxattr");
  private static final long F_LGETXATTR = Native.symbol("lgetxattr");
  private static final long F_GETXATTR = Native.symbol("getxattr");
  private static final long F_FSETXATTR = Native.symbol("fsetxattr");
  private static final long F_LSETXATTR = Native.symbol("lsetxattr");
  private static final long F_SETXATTR = Native.symbol("setxattr");
  private static final long F_FLISTXATTR = Native.symbol("flistxattr");
  private static final long F_LLISTXATTR = Native.symbol("llistxattr");
  private static final long F_LISTXATTR = Native.symbol("listxattr");
  private static final long F_FREMOVEXATTR = Native.symbol("fremovexattr");
  private static final long F_LREMOVEXATTR = Native.symbol("lremovexattr");
  private static final long F_REMOVEXATTR = Native.symbol("removexattr");

  private final boolean byDirectory;

  /** The calls of a kernel that has those by directory and name, or not. */
  XattrCalls(boolean byDirectory) {
    this.byDirectory = byDirectory;
  }

  /** The calls of the running kernel. */
  static XattrCalls ofRunningKernel() {
    return new XattrCalls(hasXattrAt());
  }

  /* A kernel that has the call looks at the descriptor; see Sys about other answers. */
  private static boolean hasXattrAt() {
    long at = area();
    Name.DOT.copyTo(at);
    Name.of("user.x").copyTo(at + SECOND);
    putXattrArgs(at + STRUCT, 0, 0, 0);
    long result =
        Native.call(
            F_SYSCALL,
            SYS_GETXATTRAT,
            -1,
            at,
            Linux.AT_SYMLINK_NOFOLLOW,
            at + SECOND,
            at + STRUCT,
            XATTR_ARGS_BYTES);
    return errnoOf(result) == Errno.EBADF;
  }

  /** The value of an extended attribute, or null for {@code ENODATA}. */
  byte @Nullable [] get(int dirFd, Name name, Name xattr) throws ErrnoException {
    long value = area() + VALUE;
    int length = tryGet(dirFd, name, xattr, value, VALUE_BYTES);
    return valueOrNull(value, length);
  }

  private static byte @Nullable [] valueOrNull(long value, int length) throws ErrnoException {
    if (length == -Errno.ENODATA) {
      return null;
    }
    if (length < 0) {
      throw ErrnoException.of(-length);
    }
    return bytes(value, length);
  }

  /** The length of the value put at the address, or the negated errno. */
  int tryGet(int dirFd, Name name, Name xattr, long address, int size) {
    if (tooLong(name)) {
      return -Errno.ENAMETOOLONG;
    }
    if (tooLong(xattr)) {
      return -Errno.ERANGE; // as the kernel from 256 bytes on
    }
    long at = area();
    xattr.copyTo(at + SECOND);
    if (byDirectory) {
      name.copyTo(at);
      putXattrArgs(at + STRUCT, address, size, 0);
      return orErrno(
          Native.call(
              F_SYSCALL,
              SYS_GETXATTRAT,
              dirFd,
              at,
              Linux.AT_SYMLINK_NOFOLLOW,
              at + SECOND,
              at + STRUCT,
              XATTR_ARGS_BYTES));
    }
    putProcPath(at, dirFd, name);
    return orErrno(Native.call(F_LGETXATTR, at, at + SECOND, address, size));
  }

  private static void putXattrArgs(long at, long address, int size, int flags) {
    NativeMemory.putLong(at, address);
    NativeMemory.putInt(at + 8, size);
    NativeMemory.putInt(at + 12, flags);
  }

  byte @Nullable [] get(int fd, Name xattr) throws ErrnoException {
    long at = area();
    put(at + SECOND, xattr);
    int length = orErrno(Native.call(F_FGETXATTR, fd, at + SECOND, at + VALUE, VALUE_BYTES));
    if (length == -Errno.EBADF) {
      putProcPath(at, fd);
      length = orErrno(Native.call(F_GETXATTR, at, at + SECOND, at + VALUE, VALUE_BYTES));
    }
    return valueOrNull(at + VALUE, length);
  }

  void set(int dirFd, Name name, Name xattr, byte[] value, int flags) throws ErrnoException {
    long at = area();
    put(at + SECOND, xattr);
    long address = putValue(at, value);
    put(at, name);
    if (byDirectory) {
      putXattrArgs(at + STRUCT, address, value.length, flags);
      check(
          Native.call(
              F_SYSCALL,
              SYS_SETXATTRAT,
              dirFd,
              at,
              Linux.AT_SYMLINK_NOFOLLOW,
              at + SECOND,
              at + STRUCT,
              XATTR_ARGS_BYTES));
      return;
    }
    putProcPath(at, dirFd, name);
    check(Native.call(F_LSETXATTR, at, at + SECOND, address, value.length, flags));
  }

  private static long putValue(long at, byte[] value) throws ErrnoException {
    if (value.length > VALUE_BYTES) {
      throw ErrnoException.of(Errno.E2BIG); // XATTR_SIZE_MAX
    }
    NativeMemory.putBytes(at + VALUE, value, 0, value.length);
    return at + VALUE;
  }

  void set(int fd, Name xattr, byte[] value, int flags) throws ErrnoException {
    long at = area();
    put(at + SECOND, xattr);
    long address = putValue(at, value);
    int errno = errnoOf(Native.call(F_FSETXATTR, fd, at + SECOND, address, value.length, flags));
    if (errno == Errno.EBADF) {
      putProcPath(at, fd);
      errno = errnoOf(Native.call(F_SETXATTR, at, at + SECOND, address, value.length, flags));
    }
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
  }

  /** The names of an object's extended attributes, each ended by NUL. */
  byte[] list(int dirFd, Name name) throws ErrnoException {
    long at = area();
    put(at, name);
    if (byDirectory) {
      long length =
          Native.call(
              F_SYSCALL,
              SYS_LISTXATTRAT,
              dirFd,
              at,
              Linux.AT_SYMLINK_NOFOLLOW,
              at + VALUE,
              VALUE_BYTES);
      return copied(at + VALUE, orErrno(length));
    }
    putProcPath(at, dirFd, name);
    return copied(at + VALUE, orErrno(Native.call(F_LLISTXATTR, at, at + VALUE, VALUE_BYTES)));
  }

  private static byte[] copied(long at, int length) throws ErrnoException {
    if (length < 0) {
      throw ErrnoException.of(-length);
    }
    return length == 0 ? NOTHING : bytes(at, length);
  }

  byte[] list(int fd) throws ErrnoException {
    long at = area();
    int length = orErrno(Native.call(F_FLISTXATTR, fd, at + VALUE, VALUE_BYTES));
    if (length == -Errno.EBADF) {
      putProcPath(at, fd);
      length = orErrno(Native.call(F_LISTXATTR, at, at + VALUE, VALUE_BYTES));
    }
    return copied(at + VALUE, length);
  }

  void remove(int dirFd, Name name, Name xattr) throws ErrnoException {
    long at = area();
    put(at + SECOND, xattr);
    put(at, name);
    if (byDirectory) {
      check(
          Native.call(
              F_SYSCALL, SYS_REMOVEXATTRAT, dirFd, at, Linux.AT_SYMLINK_NOFOLLOW, at + SECOND));
      return;
    }
    putProcPath(at, dirFd, name);
    check(Native.call(F_LREMOVEXATTR, at, at + SECOND));
  }

  void remove(int fd, Name xattr) throws ErrnoException {
    long at = area();
    put(at + SECOND, xattr);
    int errno = errnoOf(Native.call(F_FREMOVEXATTR, fd, at + SECOND));
    if (errno == Errno.EBADF) {
      putProcPath(at, fd);
      errno = errnoOf(Native.call(F_REMOVEXATTR, at, at + SECOND));
    }
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
  }
}
