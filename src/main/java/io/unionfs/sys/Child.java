package io.unionfs.sys;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A short-lived child process that can be handed a socket, which {@code ProcessBuilder} cannot do,
 * and whose arguments are bytes. Its standard error is captured.
 */
public final class Child implements AutoCloseable {
  /** Where the child finds the socket that it inherits. */
  public static final int SOCKET_FD = 3;

  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int CLOEXEC = 0x80000; // O_CLOEXEC and SOCK_CLOEXEC, on every architecture
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;

  private static final int STDERR_FD = 2;
  private static final int FILE_ACTIONS_SIZE = 128; // glibc's has 80 bytes

  private static final long F_READ = Native.symbol("read");
  private static final long F_RECVMSG = Native.symbol("recvmsg");
  private static final long F_WAITPID = Native.symbol("waitpid");
  private static final long F_PIPE2 = Native.symbol("pipe2");
  private static final long F_SOCKETPAIR = Native.symbol("socketpair");
  private static final long F_POSIX_SPAWN = Native.symbol("posix_spawn");
  private static final long F_ACTIONS_INIT = Native.symbol("posix_spawn_file_actions_init");
  private static final long F_ACTIONS_DUP2 = Native.symbol("posix_spawn_file_actions_adddup2");
  private static final long F_ACTIONS_DESTROY = Native.symbol("posix_spawn_file_actions_destroy");

  private final int pid;
  private final Fd errors;
  private final Fd socket;

  private Child(int pid, Fd errors, Fd socket) {
    this.pid = pid;
    this.errors = errors;
    this.socket = socket;
  }

  /**
   * Starts a program with the given arguments and environment; one end of a socket pair is its
   * descriptor {@link #SOCKET_FD}.
   */
  public static Child start(
      Sys sys, byte[] program, List<byte[]> arguments, List<byte[]> environment)
      throws ErrnoException {
    int[] pipe = pipe();
    try (Fd readEnd = new Fd(sys, pipe[0]);
        Fd writeEnd = new Fd(sys, pipe[1])) {
      int[] sockets = sockets();
      try (Fd ours = new Fd(sys, sockets[0]);
          Fd theirs = new Fd(sys, sockets[1])) {
        int pid = spawn(program, arguments, environment, writeEnd.raw(), theirs.raw());
        return new Child(pid, new Fd(sys, readEnd.take()), new Fd(sys, ours.take()));
      }
    }
  }

  /** The descriptor that the child sends over the socket, or -1 if it ends without sending one. */
  public int receiveFd() throws ErrnoException {
    try (NativeMemory block = NativeMemory.allocate(256)) {
      long message = block.address();
      long vector = message + 64;
      long data = message + 96;
      long control = message + 128;
      NativeMemory.zero(message, 256);
      NativeMemory.putLong(vector, data);
      NativeMemory.putLong(vector + 8, 1);
      NativeMemory.putLong(message + 16, vector); // msg_iov
      NativeMemory.putLong(message + 24, 1); // msg_iovlen
      NativeMemory.putLong(message + 32, control); // msg_control
      NativeMemory.putLong(message + 40, 24); // msg_controllen: CMSG_SPACE(sizeof(int))
      long result;
      do {
        result = Native.call(F_RECVMSG, socket.raw(), message, MSG_CMSG_CLOEXEC);
      } while (Native.interrupted(result));
      int received = Native.checked(result);
      boolean carriesFd =
          received > 0
              && NativeMemory.getLong(message + 40) >= 20
              && NativeMemory.getInt(control + 8) == SOL_SOCKET
              && NativeMemory.getInt(control + 12) == SCM_RIGHTS;
      return carriesFd ? NativeMemory.getInt(control + 16) : -1;
    }
  }

  /** Waits for the end of the child and returns what it wrote to standard error, trimmed. */
  public String awaitErrors() throws ErrnoException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try (NativeMemory block = NativeMemory.allocate(4096)) {
      while (true) {
        long result = Native.call(F_READ, errors.raw(), block.address(), block.size());
        if (Native.interrupted(result)) {
          continue;
        }
        int count = Native.checked(result);
        if (count == 0) {
          break;
        }
        byte[] part = new byte[count];
        NativeMemory.getBytes(block.address(), part, 0, count);
        text.write(part, 0, count);
      }
    }
    return text.toString(StandardCharsets.UTF_8).strip();
  }

  /** Waits for the end of the child and returns its exit status, or 128 if a signal ended it. */
  public int awaitExit() throws ErrnoException {
    try (NativeMemory block = NativeMemory.allocate(8)) {
      while (true) {
        long result = Native.call(F_WAITPID, pid, block.address(), 0);
        if (!Native.interrupted(result)) {
          Native.check(result);
          int status = NativeMemory.getInt(block.address());
          return (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128;
        }
      }
    }
  }

  @Override
  public void close() {
    errors.close();
    socket.close();
  }

  private static int spawn(
      byte[] program, List<byte[]> arguments, List<byte[]> environment, int stderr, int socket)
      throws ErrnoException {
    try (NativeMemory actions = NativeMemory.allocate(FILE_ACTIONS_SIZE);
        NativeMemory pid = NativeMemory.allocate(8);
        NativeMemory path = text(program);
        StringVector argv = new StringVector(arguments);
        StringVector envp = new StringVector(environment)) {
      long list = actions.address();
      check(Native.call(F_ACTIONS_INIT, list));
      try {
        // In this order: the pipe may itself be descriptor 3, which the second step replaces.
        check(Native.call(F_ACTIONS_DUP2, list, stderr, STDERR_FD));
        check(Native.call(F_ACTIONS_DUP2, list, socket, SOCKET_FD));
        check(
            Native.call(
                F_POSIX_SPAWN,
                pid.address(),
                path.address(),
                list,
                0,
                argv.address(),
                envp.address()));
        return NativeMemory.getInt(pid.address());
      } finally {
        Native.call(F_ACTIONS_DESTROY, list);
      }
    }
  }

  /** posix_spawn(3) and its kin return the errno. */
  private static void check(long errno) throws ErrnoException {
    if ((int) errno != 0) {
      throw ErrnoException.of((int) errno);
    }
  }

  private static int[] pipe() throws ErrnoException {
    try (NativeMemory block = NativeMemory.allocate(2L * Integer.BYTES)) {
      return pair(Native.call(F_PIPE2, block.address(), CLOEXEC), block);
    }
  }

  private static int[] sockets() throws ErrnoException {
    try (NativeMemory block = NativeMemory.allocate(2L * Integer.BYTES)) {
      int type = SOCK_STREAM | CLOEXEC;
      return pair(Native.call(F_SOCKETPAIR, AF_UNIX, type, 0, block.address()), block);
    }
  }

  private static int[] pair(long result, NativeMemory block) throws ErrnoException {
    Native.check(result);
    long at = block.address();
    return new int[] {NativeMemory.getInt(at), NativeMemory.getInt(at + Integer.BYTES)};
  }

  private static NativeMemory text(byte[] bytes) {
    NativeMemory block = NativeMemory.allocate(bytes.length + 1L);
    NativeMemory.putBytes(block.address(), bytes, 0, bytes.length);
    NativeMemory.putByte(block.address() + bytes.length, (byte) 0);
    return block;
  }

  /** A null-terminated array of C strings. */
  private static final class StringVector implements AutoCloseable {
    private final NativeMemory vector;
    private final NativeMemory[] strings;

    StringVector(List<byte[]> values) {
      vector = NativeMemory.allocate(8L * (values.size() + 1));
      strings = new NativeMemory[values.size()];
      for (int i = 0; i < strings.length; i++) {
        strings[i] = text(values.get(i));
        NativeMemory.putLong(vector.address() + 8L * i, strings[i].address());
      }
      NativeMemory.putLong(vector.address() + 8L * strings.length, 0);
    }

    long address() {
      return vector.address();
    }

    @Override
    public void close() {
      for (NativeMemory string : strings) {
        string.close();
      }
      vector.close();
    }
  }
}
