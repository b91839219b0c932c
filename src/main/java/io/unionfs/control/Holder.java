package io.unionfs.control;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.UnixSocket;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * For as long as the client is there and says something now and then: one that hangs, perhaps because
 * it waits for a change of its own, must not keep others waiting. Nor do other clients of the socket wait
 * for it, so it has a thread of its own.
 */
/** The one client that may keep the changes of a mount waiting: to look, or to throw some away. */
final class Holder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Holder.class);

  /* How many times as long as others a client that holds changes may say nothing. */
  private static final int SILENCE_FACTOR = 3;

  private final ControlledMount mount;
  private final int patienceMillis;
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private @Nullable UnixSocket client;

  @GuardedBy("lock")
  private @Nullable Thread thread;

  @GuardedBy("lock")
  private boolean closing;

  Holder(ControlledMount mount, int patienceMillis) {
    this.mount = mount;
    this.patienceMillis = patienceMillis;
  }

  /**
   * Serves a client, which is taken over; false, and it is not, if another one is served.
   *
   * @param discard the paths whose changes are to be thrown away; empty for one that only holds
   */
  boolean tryServe(UnixSocket next, List<Name> discard) {
    lock.lock();
    try {
      if (client != null || closing) {
        return false;
      }
      Thread serving = new Thread(() -> serve(next, discard), "unionfs-hold");
      serving.setDaemon(true);
      serving.start(); // before it counts: there may be no room for a thread
      client = next;
      thread = serving;
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void serve(UnixSocket next, List<Name> discard) {
    try (next) {
      if (discard.isEmpty()) {
        holdAndLeave(next);
      } else {
        next.write(discardAndLeave(discard)); // whoever has read it is not refused the next one
      }
    } catch (ErrnoException e) {
      LOG.debug("a control client is gone: {}", e.getMessage());
    } catch (IOException | RuntimeException e) {
      LOG.warn("a control request failed", e);
    }
  }

  private void holdAndLeave(UnixSocket next) throws ErrnoException, IOException {
    try {
      hold(next);
    } finally {
      leave();
    }
  }

  private byte[] discardAndLeave(List<Name> paths) throws IOException {
    try {
      return discard(paths);
    } finally {
      leave();
    }
  }

  private void leave() {
    lock.lock();
    try {
      client = null;
    } finally {
      lock.unlock();
    }
  }

  /* To its end, whether the client is still there or not. */
  private byte[] discard(List<Name> paths) throws IOException {
    try {
      mount.discard(paths, patienceMillis);
      return StatusWriter.discarded();
    } catch (IOException e) {
      String message = e.getMessage();
      return StatusWriter.error(message == null ? e.toString() : message);
    }
  }

  private void hold(UnixSocket served) throws ErrnoException, IOException {
    if (!mount.tryHold(patienceMillis)) {
      served.write(StatusWriter.error("a change does not end"));
      return;
    }
    try {
      served.write(StatusWriter.held());
      byte[] said = new byte[64];
      boolean alive = true;
      while (alive) {
        alive = served.awaitReadable(SILENCE_FACTOR * patienceMillis) && served.read(said, 0) > 0;
      }
    } finally {
      served.shutdown(); // before: a client that still has its connection must be right
      mount.release();
    }
  }

  /** Lets changes go on, and waits until nobody is served. */
  void end() {
    Thread serving;
    lock.lock();
    try {
      serving = thread;
      if (client != null) {
        client.shutdown();
      }
    } finally {
      lock.unlock();
    }
    if (serving != null) {
      await(serving); // the mount must not end under it
    }
  }

  /** Waits for a thread to end, whoever interrupts. */
  static void await(Thread ending) {
    boolean interrupted = false;
    while (ending.isAlive()) {
      try {
        ending.join();
      } catch (InterruptedException e) {
        interrupted = true; // for whoever called
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The same, and serves nobody any more. */
  @Override
  public void close() {
    lock.lock();
    try {
      closing = true;
    } finally {
      lock.unlock();
    }
    end();
  }
}
