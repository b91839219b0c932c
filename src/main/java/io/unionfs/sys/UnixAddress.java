package io.unionfs.sys;

/** The address of a socket in the file system, {@code struct sockaddr_un}. */
final class UnixAddress {
  static final int AF_UNIX = 1;
  private static final int PATH_AT = 2;
  private static final int MOST_PATH_BYTES = 107;

  private UnixAddress() {}

  /**
   * Puts the address of a path into native memory: its length.
   *
   * @throws ErrnoException {@code ENAMETOOLONG} over 107 bytes
   */
  static int put(long at, byte[] path) throws ErrnoException {
    if (path.length > MOST_PATH_BYTES) {
      throw ErrnoException.of(Errno.ENAMETOOLONG);
    }
    NativeMemory.putShort(at, (short) AF_UNIX);
    NativeMemory.putBytes(at + PATH_AT, path, 0, path.length);
    NativeMemory.putByte(at + PATH_AT + path.length, (byte) 0);
    return PATH_AT + path.length + 1;
  }
}
