package io.unionfs.sys;

import static io.unionfs.sys.CallArea.STRUCT;
import static io.unionfs.sys.CallArea.VALUE;
import static io.unionfs.sys.CallArea.area;

/**
 * The sending end of datagrams to sockets in the file system. Each is addressed by a path, so that
 * a receiver that was replaced gets what comes next. Safe for use by any number of threads.
 */
public final class UnixDatagrams implements AutoCloseable {
  /** The most bytes that a datagram may have here. */
  public static final int MOST_BYTES = CallArea.VALUE_BYTES;

  private static final long F_SOCKET = Native.symbol("socket");
  private static final long F_CONNECT = Native.symbol("connect");
  private static final long F_SENDTO = Native.symbol("sendto");
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;

  private final Fd fd;

  private UnixDatagrams(Sys sys, int fd) {
    this.fd = new Fd(sys, fd);
  }

  public static UnixDatagrams open(Sys sys) throws ErrnoException {
    return new UnixDatagrams(
        sys,
        Native.checked(Native.call(F_SOCKET, UnixAddress.AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
  }

  /**
   * Looks whether somebody receives datagrams at a path, and lets this process send him some.
   *
   * @throws ErrnoException {@code ECONNREFUSED} if nobody does, {@code EPROTOTYPE} if he takes
   *     streams alone, {@code ENOENT}, {@code EACCES}; {@code ENAMETOOLONG} over 107 bytes
   */
  public static void requireReceiver(Sys sys, byte[] path) throws ErrnoException {
    try (UnixDatagrams tried = open(sys)) {
      int length = UnixAddress.put(area() + STRUCT, path);
      Native.check(Native.call(F_CONNECT, tried.fd.raw(), area() + STRUCT, length));
    }
  }

  /**
   * Sends a datagram, and never waits: 0 or an errno, {@code EAGAIN} if the receiver has as many as
   * he takes, {@code EMSGSIZE} if it is too long.
   */
  public int trySend(byte[] path, byte[] data) {
    if (data.length > MOST_BYTES) {
      return Errno.EMSGSIZE;
    }
    long at = area();
    int length;
    try {
      length = UnixAddress.put(at + STRUCT, path);
    } catch (ErrnoException e) {
      return e.errno();
    }
    NativeMemory.putBytes(at + VALUE, data, 0, data.length);
    int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    long result;
    do {
      result = Native.call(F_SENDTO, fd.raw(), at + VALUE, data.length, flags, at + STRUCT, length);
    } while (Native.interrupted(result));
    return Native.errnoOf(result);
  }

  @Override
  public void close() {
    fd.close();
  }
}
