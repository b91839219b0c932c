package io.unionfs.sys;

import static io.unionfs.sys.CallArea.STRUCT;
import static io.unionfs.sys.CallArea.area;

import java.util.concurrent.TimeUnit;

/**
 * A stream socket in the file system, by the descriptor alone: no classes of java.nio, which cost a
 * start more than the whole rest of it. Not safe for use by several threads.
 */
public final class UnixSocket implements AutoCloseable {
  private static final long F_SOCKET = Native.symbol("socket");
  private static final long F_BIND = Native.symbol("bind");
  private static final long F_LISTEN = Native.symbol("listen");
  private static final long F_CONNECT = Native.symbol("connect");
  private static final long F_ACCEPT4 = Native.symbol("accept4");
  private static final long F_GETSOCKOPT = Native.symbol("getsockopt");
  private static final long F_SETSOCKOPT = Native.symbol("setsockopt");
  private static final long F_SHUTDOWN = Native.symbol("shutdown");
  private static final long F_SEND = Native.symbol("send");
  private static final long F_RECV = Native.symbol("recv");
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int SOL_SOCKET = 1;
  private static final int SO_PEERCRED = 17;
  private static final int SO_SNDTIMEO = 21;
  private static final int TIMEVAL_BYTES = 16;
  private static final int MILLIS = 1000;
  private static final int UCRED_BYTES = 12;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int SHUT_RDWR = 2;
  private static final int BACKLOG = 16;

  private final Sys sys;
  private final Fd fd;

  /** The longest that a {@link #write} may take; 0 for no limit. */
  private int sendMillis;

  private UnixSocket(Sys sys, int fd) {
    this.sys = sys;
    this.fd = new Fd(sys, fd);
  }

  /**
   * A socket that listens at a path, which must be free.
   *
   * @throws ErrnoException {@code EADDRINUSE}; {@code ENAMETOOLONG} over 107 bytes
   */
  public static UnixSocket listen(Sys sys, byte[] path) throws ErrnoException {
    UnixSocket socket = open(sys);
    boolean listens = false;
    try {
      int length = UnixAddress.put(area() + STRUCT, path);
      Native.check(Native.call(F_BIND, socket.fd.raw(), area() + STRUCT, length));
      Native.check(Native.call(F_LISTEN, socket.fd.raw(), BACKLOG));
      listens = true;
      return socket;
    } finally {
      if (!listens) {
        socket.close();
      }
    }
  }

  /**
   * A connection to the socket at a path, on which connecting, and each {@link #write}, may take
   * only so many milliseconds.
   *
   * @throws ErrnoException {@code ECONNREFUSED} if nobody listens, {@code ENOENT}, {@code EACCES};
   *     {@code ETIMEDOUT} if too many others wait before
   */
  public static UnixSocket connect(Sys sys, byte[] path, int millis) throws ErrnoException {
    UnixSocket socket = open(sys);
    boolean connected = false;
    try {
      socket.limitSending(millis);
      int length = UnixAddress.put(area() + STRUCT, path);
      checkSent(Native.call(F_CONNECT, socket.fd.raw(), area() + STRUCT, length));
      connected = true;
      return socket;
    } finally {
      if (!connected) {
        socket.close();
      }
    }
  }

  /** Lets a {@link #write} from here on take at most so many milliseconds, which is not 0. */
  public void limitSending(int millis) throws ErrnoException {
    long at = area() + STRUCT;
    NativeMemory.putLong(at, millis / MILLIS);
    NativeMemory.putLong(at + Long.BYTES, (long) (millis % MILLIS) * MILLIS);
    Native.check(Native.call(F_SETSOCKOPT, fd.raw(), SOL_SOCKET, SO_SNDTIMEO, at, TIMEVAL_BYTES));
    sendMillis = millis;
  }

  private static int checkSent(long result) throws ErrnoException {
    int errno = Native.errnoOf(result);
    if (errno != 0) {
      throw ErrnoException.of(errno == Errno.EAGAIN ? Errno.ETIMEDOUT : errno);
    }
    return (int) result;
  }

  private static UnixSocket open(Sys sys) throws ErrnoException {
    return new UnixSocket(
        sys,
        Native.checked(Native.call(F_SOCKET, UnixAddress.AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)));
  }

  /**
   * Waits for the next connection.
   *
   * @throws ErrnoException {@code EINVAL} once {@link #shutdown} was called
   */
  public UnixSocket accept() throws ErrnoException {
    long result;
    do {
      result = Native.call(F_ACCEPT4, fd.raw(), 0, 0, SOCK_CLOEXEC);
    } while (Native.interrupted(result));
    return new UnixSocket(sys, Native.checked(result));
  }

  /** The user that the other end runs as. */
  public int peerUid() throws ErrnoException {
    long at = area() + STRUCT;
    long length = at + UCRED_BYTES;
    NativeMemory.putInt(length, UCRED_BYTES);
    Native.check(Native.call(F_GETSOCKOPT, fd.raw(), SOL_SOCKET, SO_PEERCRED, at, length));
    return NativeMemory.getInt(at + 4);
  }

  /** Waits until something can be read, at most so many milliseconds; whether it can. */
  public boolean awaitReadable(int millis) throws ErrnoException {
    return sys.awaitReadable(fd.raw(), millis);
  }

  /** Reads what is there, at most what fits: the number of bytes, 0 at the end. */
  public int read(byte[] target, int offset) throws ErrnoException {
    long value = area() + CallArea.VALUE;
    int most = Math.min(target.length - offset, CallArea.VALUE_BYTES);
    long result;
    do {
      result = Native.call(F_RECV, fd.raw(), value, most, 0);
    } while (Native.interrupted(result));
    int length = Native.checked(result);
    NativeMemory.getBytes(value, target, offset, length);
    return length;
  }

  /**
   * Writes all of it.
   *
   * @throws ErrnoException {@code EPIPE} if nobody reads any more; {@code ETIMEDOUT} past the limit
   */
  public void write(byte[] data) throws ErrnoException {
    long value = area() + CallArea.VALUE;
    long start = System.nanoTime();
    int done = 0;
    while (done < data.length) {
      int part = Math.min(data.length - done, CallArea.VALUE_BYTES);
      NativeMemory.putBytes(value, data, done, part);
      long result = Native.call(F_SEND, fd.raw(), value, part, MSG_NOSIGNAL);
      if (!Native.interrupted(result)) {
        done += checkSent(result);
      }
      if (done < data.length && sendMillis > 0 && millisSince(start) >= sendMillis) {
        throw ErrnoException.of(Errno.ETIMEDOUT); // it reads, but in drops
      }
    }
  }

  private static long millisSince(long start) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  /** Ends what another thread does here, and all to come: accepting, reading, and writing. */
  public void shutdown() {
    int errno = Native.errnoOf(Native.call(F_SHUTDOWN, fd.raw(), SHUT_RDWR));
    if (errno != 0 && errno != Errno.ENOTCONN) {
      throw new IllegalStateException("shutdown: " + Errno.message(errno));
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
