package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;

/** A socket in the file system that takes datagrams, as the journal's. */
public final class DatagramListener implements AutoCloseable {
  private static final int SOCK_DGRAM = 2;
  private static final int MOST_BYTES = 1 << 20;
  private static final long F_SOCKET = Native.symbol("socket");
  private static final long F_BIND = Native.symbol("bind");

  private final int fd;
  private final byte[] path;

  private DatagramListener(int fd, byte[] path) {
    this.fd = fd;
    this.path = path;
  }

  public static DatagramListener at(byte[] path) throws ErrnoException {
    int fd =
        Native.checked(Native.call(F_SOCKET, UnixAddress.AF_UNIX, SOCK_DGRAM | Linux.O_CLOEXEC, 0));
    long at = CallArea.area();
    Native.check(Native.call(F_BIND, fd, at, UnixAddress.put(at, path)));
    return new DatagramListener(fd, path);
  }

  public boolean hasMessage() throws ErrnoException {
    return Sys.linux().awaitReadable(fd, 0);
  }

  /** The next datagram, which must be there or come within some seconds. */
  public byte[] receive() throws ErrnoException {
    assertThat(Sys.linux().awaitReadable(fd, 10_000)).as("there is a datagram").isTrue();
    try (NativeMemory buffer = NativeMemory.allocate(MOST_BYTES)) {
      int length = new FuseDevice(fd).read(buffer.address(), MOST_BYTES);
      byte[] message = new byte[length];
      NativeMemory.getBytes(buffer.address(), message, 0, length);
      return message;
    }
  }

  /** Ends it, and removes the socket from its directory. */
  @Override
  public void close() {
    Sys.linux().close(fd);
    assertThat(Sys.linux().tryUnlinkat(Linux.AT_FDCWD, Name.of(path), 0)).isZero();
  }
}
