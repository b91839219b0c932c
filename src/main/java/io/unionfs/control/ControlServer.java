package io.unionfs.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.unionfs.control.RequestReader.Request;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Sys;
import io.unionfs.sys.UnixSocket;
import java.io.CharConversionException;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
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
  static final int MOST_LINE_BYTES = 64 << 10;
  private static final int PATIENCE_MILLIS = 2000;
  private static final int PAUSE_MILLIS = 1000;
  private static final String HOLD = "hold";

  private final Sys sys;
  private final byte[] path;
  private final UnixSocket socket;
  private final ControlledMount mount;
  private final Holder holder;
  private final int patienceMillis;
  private final Thread thread;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private @Nullable UnixSocket current;

  @GuardedBy("lock")
  private boolean closing;

  private ControlServer(
      Sys sys, byte[] path, UnixSocket socket, ControlledMount mount, int patienceMillis) {
    this.sys = sys;
    this.path = path;
    this.socket = socket;
    this.mount = mount;
    this.holder = new Holder(mount, patienceMillis);
    this.patienceMillis = patienceMillis;
    this.thread = new Thread(this::serve, "unionfs-control");
    thread.setDaemon(true);
  }

  /**
   * Opens the socket of a mount, replacing one that a dead server left. Null where there is no
   * place for it, which is logged: a mount works without.
   */
  public static @Nullable ControlServer open(Sys sys, long mountId, ControlledMount mount) {
    return open(sys, ControlSockets.directory(), mountId, mount, PATIENCE_MILLIS);
  }

  /**
   * @param patienceMillis the longest that a client may take to ask, and to read the answer
   */
  static @Nullable ControlServer open(
      Sys sys, String directory, long mountId, ControlledMount mount, int patienceMillis) {
    try {
      byte[] path = ControlSockets.forNew(sys, directory, mountId);
      UnixSocket socket = listen(sys, path);
      ControlServer server = new ControlServer(sys, path, socket, mount, patienceMillis);
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
    for (UnixSocket next = next(); next != null; next = next()) {
      boolean handedOver = false;
      try {
        if (!enter(next)) {
          return;
        }
        try {
          handedOver = serve(next);
        } finally {
          leave();
        }
      } catch (ErrnoException e) {
        LOG.debug("a control client is gone: {}", e.getMessage());
      } catch (IOException | RuntimeException e) {
        LOG.warn("a control request failed", e);
      } finally {
        if (!handedOver) {
          next.close();
        }
      }
    }
  }

  /* The next client; null once this is closed. */
  private @Nullable UnixSocket next() {
    while (true) {
      try {
        return socket.accept();
      } catch (ErrnoException e) {
        switch (e.errno()) {
          case Errno.ECONNABORTED -> LOG.debug("a control client is gone before it came");
          case Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM, Errno.ENOBUFS -> {
            LOG.debug("no control client can come in: {}", e.getMessage());
            if (awaitClosed()) { // trying on at once would take a whole processor
              return null;
            }
          }
          default -> {
            if (closed.getCount() > 0) {
              LOG.warn("the control socket is given up: {}", e.getMessage());
            }
            return null;
          }
        }
      }
    }
  }

  private boolean awaitClosed() {
    try {
      return closed.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  private boolean enter(UnixSocket client) {
    lock.lock();
    try {
      if (!closing) {
        current = client;
      }
      return !closing;
    } finally {
      lock.unlock();
    }
  }

  private void leave() {
    lock.lock();
    try {
      current = null;
    } finally {
      lock.unlock();
    }
  }

  /* Whether the client is somebody else's from here on. */
  private boolean serve(UnixSocket client) throws ErrnoException, IOException {
    int peer = client.peerUid();
    if (peer != 0 && peer != OwnProcess.geteuid()) {
      LOG.warn("a control client of user {} is turned away", peer);
      return false;
    }
    client.limitSending(patienceMillis);
    byte[] line = new byte[MOST_LINE_BYTES];
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMillis);
    int length = 0;
    int end = -1;
    while (end < 0 && length < line.length) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0 || !client.awaitReadable((int) left)) {
        return false;
      }
      int read = client.read(line, length);
      if (read == 0) {
        return false;
      }
      end = indexOf(line, length, length + read);
      length += read;
    }
    Request request = end < 0 ? null : requestOrNull(line, end);
    if (request == null || !keepsWaiting(request)) {
      client.write(answer(line, end));
      return false;
    }
    if (!isHandedOver(client, request)) {
      client.write(StatusWriter.error("another program keeps changes waiting"));
      return false;
    }
    return true;
  }

  /* Under the lock: the holder may close it at once, and then it must not be shut down here. */
  private boolean isHandedOver(UnixSocket client, Request request) {
    lock.lock();
    try {
      boolean taken = holder.tryServe(client, request.discard());
      if (taken) {
        current = null;
      }
      return taken;
    } finally {
      lock.unlock();
    }
  }

  private static boolean keepsWaiting(Request request) {
    return request.get() == null || request.get().equals(HOLD);
  }

  private static @Nullable Request requestOrNull(byte[] line, int length) {
    try {
      return RequestReader.read(line, length);
    } catch (IOException e) {
      return null; // the answer says so
    }
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
      Request request = RequestReader.read(line, length);
      String wanted = request == null ? null : request.get();
      if ("status".equals(wanted)) {
        return StatusWriter.status(mount.status());
      }
      return "stats".equals(wanted)
          ? StatisticsWriter.statistics(mount.statistics())
          : StatusWriter.error("unknown request");
    } catch (JsonProcessingException e) {
      return StatusWriter.error("not JSON: " + e.getOriginalMessage());
    } catch (CharConversionException e) {
      return StatusWriter.error("not JSON: not in UTF-8");
    }
  }

  /** Lets changes go on, whoever keeps them waiting. */
  public void endHold() {
    holder.end();
  }

  /** Ends the service, for a client in the middle of it as well, and removes the socket. */
  @Override
  public void close() {
    closed.countDown();
    lock.lock();
    try {
      closing = true;
      if (current != null) {
        current.shutdown();
      }
    } finally {
      lock.unlock();
    }
    int errno = sys.tryUnlinkat(Linux.AT_FDCWD, Name.of(path), 0);
    if (errno != 0 && errno != Errno.ENOENT) {
      LOG.warn("control socket {}: {}", Name.of(path), Errno.message(errno));
    }
    socket.shutdown();
    Holder.await(thread); // the descriptor must not be closed under it
    socket.close();
    holder.close();
  }
}
