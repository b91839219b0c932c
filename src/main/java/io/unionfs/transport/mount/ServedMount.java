package io.unionfs.transport.mount;

import io.unionfs.transport.MountBusyException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of a mount whose device somebody serves: it begins when the mount answers, and is over
 * when nobody serves any more and everything is given up. Safe for use by several threads.
 */
public final class ServedMount {
  private static final Logger LOG = LoggerFactory.getLogger(ServedMount.class);

  private final FuseMount mount;
  private final CountDownLatch ended = new CountDownLatch(1);

  /** A mount that somebody is about to serve. */
  public ServedMount(FuseMount mount) {
    this.mount = mount;
  }

  /** Takes back a mount that nobody serves. */
  public static void abandon(FuseMount mount) {
    detach(mount);
    mount.closeDevice();
  }

  /**
   * Waits for the first answer. If there is none, the mount is gone and everything given up when
   * this throws.
   *
   * @param served open as soon as nobody serves any more
   * @param giveUp gives up what served, the device included
   * @throws IOException if another file system answers, or none
   */
  public void begin(CountDownLatch served, Runnable giveUp) throws IOException {
    Thread end = new Thread(() -> awaitAndGiveUp(served, giveUp), "unionfs " + mount + " end");
    end.setDaemon(true);
    end.start();
    try {
      mount.awaitAnswer();
    } catch (IOException | RuntimeException | Error e) {
      detach(mount); // the session ends with it, and gives up the rest
      awaitUninterruptibly(ended);
      throw e;
    }
  }

  private void awaitAndGiveUp(CountDownLatch served, Runnable giveUp) {
    try {
      awaitUninterruptibly(served);
      giveUp.run();
      detach(mount); // after an abort of the connection the dead mount is still there
      LOG.info("unmounted {}", mount);
    } finally {
      ended.countDown();
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    boolean interrupted = false;
    while (true) {
      try {
        latch.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true; // what comes next must not be left out
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void detach(FuseMount mount) {
    if (mount.isHandedOver()) {
      return;
    }
    try {
      mount.unmount(true);
    } catch (IOException e) {
      LOG.warn("a dead mount is left: {}", e.getMessage());
    }
  }

  /** The mount's number in the mount table, or -1 where it was not found there. */
  public long mountId() {
    return mount.mountId();
  }

  /** Waits until the mount is gone and everything that served it is given up. */
  public void awaitEnd() throws InterruptedException {
    ended.await();
  }

  /** Whether it is over, in the sense of {@link #awaitEnd}. */
  public boolean ended() {
    return ended.getCount() == 0;
  }

  /**
   * Takes the mount out of the mount table, as {@link FuseMount#unmount}.
   *
   * @throws MountBusyException if the mount is in use and {@code lazy} is false
   */
  public void unmount(boolean lazy) throws IOException {
    mount.unmount(lazy);
  }

  /**
   * Unmounts, lazily if the mount is in use, and waits for the end. One that was handed over is
   * aborted instead: it is not ours to unmount.
   */
  public void close() throws IOException {
    if (ended()) {
      return;
    }
    if (mount.isHandedOver()) {
      mount.abort();
    } else {
      detachOurs();
    }
    try {
      awaitEnd();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for the end of the mount");
    }
  }

  private void detachOurs() throws IOException {
    try {
      unmount(false);
    } catch (MountBusyException e) {
      LOG.info("{}; detaching it", e.getMessage());
      unmount(true);
    }
  }
}
