package io.unionfs.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import io.unionfs.sys.UnixSocket;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * One thread, one client at a time, each with a deadline: who may connect at all is the server's own user
 * or root, so nobody is kept waiting by strangers.
 */
/** The server's end of a mount's control socket. */
public final class ControlServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);
  private static final int MOST_LINE_BYTES = 64 << 10;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final Sys sys;
  private final byte[] path;
  private final UnixSocket socket;
  private final Supplier<MountStatus> status;
  private final Thread thread;
  private volatile boolean closing;

  private ControlServer(Sys sys, byte[] path, UnixSocket socket, Supplier<MountStatus> status) {
    this.sys = sys;
    this.path = path;
    this.socket = socket;
    this.status = status;
    this.thread = new Thread(this::serve, "unionfs-control");
    thread.setDaemon(true);
  }

  /**
   * Opens the socket of a mount, replacing one that a dead server left. Null where there is no
   * place for it, which is logged: a mount works without.
   */
  public static @Nullable ControlServer open(Sys sys, long mountId, Supplier<MountStatus> status) {
    try {
      byte[] path = ControlSockets.forNew(sys, mountId);
      UnixSocket socket = listen(sys, path);
      ControlServer server = new ControlServer(sys, path, socket, status);
      server.thread.start();
      return server;
    } catch (ErrnoException e) {
      LOG.info("no control socket: {}", e.getMessage());
      return null;
    }
  }

  /* Under its name only when it listens: who finds one that does not takes it for a dead server's. */
  private static UnixSocket listen(Sys sys, byte[] path) throws ErrnoException {
    byte[] bytes = Arrays.copyOf(path, path.length + 1);
    bytes[path.length] = '~';
    Name temporary = Name.of(bytes);
    int errno = sys.tryUnlinkat(Linux.AT_FDCWD, temporary, 0);
    if (errno != 0 && errno != Errno.ENOENT) {
      throw ErrnoException.of(errno);
    }
    UnixSocket socket = UnixSocket.listen(sys, bytes);
    boolean placed = false;
    try {
      sys.fchmodat(Linux.AT_FDCWD, temporary, 0600);
      sys.renameat2(Linux.AT_FDCWD, temporary, Linux.AT_FDCWD, Name.of(path), 0);
      placed = true;
      return socket;
    } finally {
      if (!placed) {
        socket.close();
      }
    }
  }

  private void serve() {
    while (!closing) {
      try (UnixSocket client = socket.accept()) {
        if (!closing) {
          serve(client);
        }
      } catch (ErrnoException e) {
        if (closing || e.errno() == Errno.EINVAL) {
          return;
        }
        LOG.debug("a control client is gone: {}", e.getMessage());
      } catch (IOException | RuntimeException e) {
        LOG.warn("a control request failed", e);
      }
    }
  }

  private void serve(UnixSocket client) throws ErrnoException, IOException {
    int peer = client.peerUid();
    if (peer != 0 && peer != sys.geteuid()) {
      LOG.warn("a control client of user {} is turned away", peer);
      return;
    }
    byte[] line = new byte[MOST_LINE_BYTES];
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    int length = 0;
    int end = -1;
    while (end < 0 && length < line.length) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0 || !client.awaitReadable((int) left)) {
        return;
      }
      int read = client.read(line, length);
      if (read == 0) {
        return;
      }
      end = indexOf(line, length, length + read);
      length += read;
    }
    client.write(answer(line, end));
  }

  private static int indexOf(byte[] line, int from, int to) {
    for (int i = from; i < to; i++) {
      if (line[i] == '\n') {
        return i;
      }
    }
    return -1;
  }

  private byte[] answer(byte[] line, int length) throws IOException {
    if (length < 0) {
      return StatusWriter.error("a request is at most " + MOST_LINE_BYTES + " bytes long");
    }
    try {
      String wanted = RequestReader.wanted(line, length);
      return "status".equals(wanted)
          ? StatusWriter.status(status.get())
          : StatusWriter.error("unknown request");
    } catch (JsonProcessingException e) {
      return StatusWriter.error("not JSON: " + e.getOriginalMessage());
    }
  }

  /** Ends the service and removes the socket. */
  @Override
  public void close() {
    closing = true;
    int errno = sys.tryUnlinkat(Linux.AT_FDCWD, Name.of(path), 0);
    if (errno != 0 && errno != Errno.ENOENT) {
      LOG.warn("control socket {}: {}", Name.of(path), Errno.message(errno));
    }
    socket.shutdown();
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true; // the descriptor must not be closed under the thread
      }
    }
    socket.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
