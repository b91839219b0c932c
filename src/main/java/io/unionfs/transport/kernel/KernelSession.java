package io.unionfs.transport.kernel;

import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FuseDevice;
import io.unionfs.sys.Sys;
import io.unionfs.transport.IoProfile;
import io.unionfs.transport.MountBusyException;
import io.unionfs.transport.MountPoint;
import io.unionfs.transport.Session;
import io.unionfs.transport.Transport;
import io.unionfs.transport.kernel.codec.InitFlags;
import io.unionfs.transport.mount.FuseMount;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A mount served by speaking the FUSE protocol ourselves. */
public final class KernelSession implements Session {
  private static final Logger LOG = LoggerFactory.getLogger(KernelSession.class);

  private static final int CAP_SYS_ADMIN = 21;

  private final FuseMount mount;
  private final Connection connection;
  private final IoProfile asked;
  private final CountDownLatch ended = new CountDownLatch(1);

  private KernelSession(FuseMount mount, Connection connection, IoProfile asked) {
    this.mount = mount;
    this.connection = connection;
    this.asked = asked;
  }

  /**
   * Mounts a union and returns when the mount answers.
   *
   * @throws IOException if it cannot be mounted; the message is for the user, and nothing is left
   *     behind
   */
  public static KernelSession mount(UnionFileSystem fs, MountPoint at) throws IOException {
    FuseMount mount = FuseMount.attach(Sys.linux(), at);
    KernelSession session;
    try {
      Connection connection =
          Connection.open(
              fs,
              new FuseDevice(mount.deviceFd()),
              wishes(fs, at),
              at.threads(),
              "unionfs " + mount);
      session = new KernelSession(mount, connection, at.io());
    } catch (IOException | RuntimeException | Error e) {
      detach(mount);
      mount.closeDevice();
      throw e;
    }
    session.start();
    try {
      mount.awaitAnswer();
    } catch (IOException | RuntimeException | Error e) {
      detach(mount); // the session ends with it, and gives up the rest
      awaitUninterruptibly(session.ended);
      throw e;
    }
    return session;
  }

  private static Wishes wishes(UnionFileSystem fs, MountPoint at) {
    return new Wishes(
        !fs.readOnly(),
        at.io() == IoProfile.PASSTHROUGH && mayPassThrough(),
        at.writeback(),
        fs.options().acl() && fs.options().xattrs(),
        at.timeoutSeconds());
  }

  /* FUSE_DEV_IOC_BACKING_OPEN asks for CAP_SYS_ADMIN. */
  private static boolean mayPassThrough() {
    try {
      return Sys.linux().hasCapability(CAP_SYS_ADMIN);
    } catch (ErrnoException e) {
      return false;
    }
  }

  private void start() {
    connection.start();
    LOG.info("{}: FUSE 7.{}: {}", mount, connection.agreed().minor(), features());
    if (asked == IoProfile.PASSTHROUGH && !connection.agreed().passthrough()) {
      LOG.warn(
          "{}: files are cached: passthrough needs root and Linux 6.9, and here it is {}",
          mount,
          mayPassThrough() ? "not offered by the kernel" : "not permitted");
    }
    Thread end = new Thread(this::awaitAndGiveUp, "unionfs " + mount + " end");
    end.setDaemon(true);
    end.start();
  }

  /** Waits until nobody serves any more, and gives up everything. */
  private void awaitAndGiveUp() {
    try {
      awaitUninterruptibly(connection.ended());
      connection.giveUp();
      mount.closeDevice();
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
    try {
      mount.unmount(true);
    } catch (IOException e) {
      LOG.warn("a dead mount is left: {}", e.getMessage());
    }
  }

  @Override
  public String transport() {
    return Transport.KERNEL.key();
  }

  @Override
  public String ioProfile() {
    String refusal = connection.passthroughRefusal();
    if (connection.agreed().passthrough()) {
      return refusal == null
          ? IoProfile.PASSTHROUGH.key()
          : IoProfile.CACHED.key() + " (passthrough refused: " + refusal + ")";
    }
    return IoProfile.CACHED.key()
        + (asked == IoProfile.PASSTHROUGH ? " (passthrough needs root and Linux 6.9)" : "");
  }

  @Override
  public List<String> features() {
    Negotiation agreed = connection.agreed();
    List<String> names = new ArrayList<>(InitFlags.names(agreed.flags()));
    if (agreed.noOpen()) {
      names.add("NO_OPEN");
    }
    if (agreed.noFlush()) {
      names.add("NO_FLUSH");
    }
    return List.copyOf(names);
  }

  @Override
  public void awaitEnd() throws InterruptedException {
    ended.await();
  }

  @Override
  public boolean ended() {
    return ended.getCount() == 0;
  }

  @Override
  public void unmount(boolean lazy) throws IOException {
    mount.unmount(lazy);
  }

  @Override
  public void close() throws IOException {
    try {
      unmount(false);
    } catch (MountBusyException e) {
      LOG.info("{}; detaching it", e.getMessage());
      unmount(true);
    }
    try {
      awaitEnd();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for the end of the mount");
    }
  }
}
