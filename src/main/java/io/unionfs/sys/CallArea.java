package io.unionfs.sys;

/** Where the arguments of the calling thread's system call are laid out; callers never see it. */
final class CallArea {
  static final Name EMPTY = Name.of("");

  static final int PATH_BYTES = 4096;
  static final int SECOND = PATH_BYTES + 64;
  static final int STRUCT = 2 * SECOND;
  static final int VALUE = STRUCT + 1024;
  static final int VALUE_BYTES = 64 << 10;
  private static final ThreadLocal<Scratch> AREAS =
      ThreadLocal.withInitial(() -> new Scratch(VALUE + VALUE_BYTES));

  private static final Name PROC_FD = Name.of("/proc/self/fd/");

  private CallArea() {}

  /** The first argument's place; the others stand at fixed distances from it. */
  static long area() {
    return AREAS.get().address();
  }

  static long put(long at, Name name) throws ErrnoException {
    if (name.length() >= PATH_BYTES) {
      throw ErrnoException.of(Errno.ENAMETOOLONG);
    }
    name.copyTo(at);
    return at;
  }

  static long put(long at, byte[] path) throws ErrnoException {
    if (path.length >= PATH_BYTES) {
      throw ErrnoException.of(Errno.ENAMETOOLONG);
    }
    NativeMemory.putBytes(at, path, 0, path.length);
    NativeMemory.putByte(at + path.length, (byte) 0);
    return at;
  }

  static boolean tooLong(Name name) {
    return name.length() >= PATH_BYTES;
  }

  static byte[] bytes(long at, int length) {
    byte[] bytes = new byte[length];
    NativeMemory.getBytes(at, bytes, 0, length);
    return bytes;
  }

  /* Where the kernel cannot be given a descriptor, its link in /proc leads to the same file. */
  static long putProcPath(long at, int fd) {
    PROC_FD.copyTo(at);
    long end = at + PROC_FD.length();
    int digits = 1;
    for (int rest = fd; rest > 9; rest /= 10) {
      digits++;
    }
    int rest = fd;
    for (int i = digits - 1; i >= 0; i--) {
      NativeMemory.putByte(end + i, (byte) ('0' + rest % 10));
      rest /= 10;
    }
    NativeMemory.putByte(end + digits, (byte) 0);
    return end + digits;
  }

  /* The name is not too long; there is room for the prefix behind it. */
  static void putProcPath(long at, int dirFd, Name name) {
    if (dirFd == Linux.AT_FDCWD) {
      name.copyTo(at);
      return;
    }
    long end = putProcPath(at, dirFd);
    NativeMemory.putByte(end, (byte) '/');
    name.copyTo(end + 1);
  }
}
