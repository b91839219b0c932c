package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Two connected sockets that keep the boundaries of messages: one stands for {@code /dev/fuse}, and
 * the test is the kernel at the other.
 */
public final class SocketPair implements AutoCloseable {
  private static final int AF_UNIX = 1;
  private static final int SOCK_SEQPACKET = 5;
  private static final int SOL_SOCKET = 1;
  private static final int SO_SNDBUF = 7;
  private static final int SHUT_RDWR = 2;
  private static final int BUFFER_BYTES = 4 << 20;

  private static final long F_SOCKETPAIR = Native.symbol("socketpair");
  private static final long F_SETSOCKOPT = Native.symbol("setsockopt");
  private static final long F_SHUTDOWN = Native.symbol("shutdown");

  private final int serverFd;
  private final int kernelFd;
  private final FuseDevice kernel;
  private final NativeMemory buffer = NativeMemory.allocate(BUFFER_BYTES);

  private SocketPair(int serverFd, int kernelFd) {
    this.serverFd = serverFd;
    this.kernelFd = kernelFd;
    this.kernel = new FuseDevice(kernelFd);
  }

  public static SocketPair open() {
    try (NativeMemory fds = NativeMemory.allocate(Long.BYTES)) {
      long at = fds.address();
      long made = Native.call(F_SOCKETPAIR, AF_UNIX, SOCK_SEQPACKET | Linux.O_CLOEXEC, 0, at);
      assertThat((int) made).as("socketpair").isZero();
      SocketPair pair = new SocketPair(NativeMemory.getInt(at), NativeMemory.getInt(at + 4));
      NativeMemory.putInt(at, BUFFER_BYTES);
      for (int fd : new int[] {pair.serverFd, pair.kernelFd}) {
        Native.call(F_SETSOCKOPT, fd, SOL_SOCKET, SO_SNDBUF, at, Integer.BYTES);
      }
      return pair;
    }
  }

  /** The server's end. */
  public FuseDevice device() {
    return new FuseDevice(serverFd);
  }

  /** Sends a message to the server; 0 or an errno. */
  public int send(byte[] message) {
    try (NativeMemory memory = NativeMemory.allocate(Math.max(1, message.length))) {
      NativeMemory.putBytes(memory.address(), message, 0, message.length);
      return kernel.write(memory.address(), message.length);
    }
  }

  /**
   * The next message of the server; only one thread may ask.
   *
   * @throws AssertionError if there is none within some seconds
   */
  public byte[] receive() throws ErrnoException {
    assertThat(Sys.linux().awaitReadable(kernelFd, 10_000)).as("there is a message").isTrue();
    int length = kernel.read(buffer.address(), BUFFER_BYTES);
    assertThat(length).as("length of a message").isNotNegative();
    byte[] message = new byte[length];
    NativeMemory.getBytes(buffer.address(), message, 0, length);
    return message;
  }

  /** Whether the server has sent something that was not received. */
  public boolean hasMessage() throws ErrnoException {
    return Sys.linux().awaitReadable(kernelFd, 0);
  }

  /** Ends the connection for both ends, as an unmount does. */
  public void hangUp() {
    Native.call(F_SHUTDOWN, kernelFd, SHUT_RDWR);
  }

  @Override
  public void close() {
    Sys.linux().close(serverFd);
    Sys.linux().close(kernelFd);
    buffer.close();
  }
}
