package io.unionfs.transport.kernel;

import io.unionfs.core.Outdated;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.statistics.Requests;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FuseDevice;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Sys;
import io.unionfs.transport.IoProfile;
import io.unionfs.transport.MountPoint;
import io.unionfs.transport.Session;
import io.unionfs.transport.Transport;
import io.unionfs.transport.kernel.codec.InitFlags;
import io.unionfs.transport.mount.FuseMount;
import io.unionfs.transport.mount.ServedMount;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A mount served by speaking the FUSE protocol ourselves. */
public final class KernelSession implements Session {
  private static final Logger LOG = LoggerFactory.getLogger(KernelSession.class);

  private static final int CAP_SYS_ADMIN = 21;

  private final ServedMount served;
  private final Connection connection;
  private final IoProfile asked;

  private KernelSession(ServedMount served, Connection connection, IoProfile asked) {
    this.served = served;
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
    Connection connection;
    try {
      connection =
          Connection.open(
              fs,
              new FuseDevice(mount.deviceFd()),
              wishes(fs, at),
              at.threads(),
              "unionfs " + mount);
    } catch (IOException | RuntimeException | Error e) {
      ServedMount.abandon(mount);
      throw e;
    }
    KernelSession session = new KernelSession(new ServedMount(mount), connection, at.io());
    session.begin(mount);
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
      return OwnProcess.hasCapability(CAP_SYS_ADMIN);
    } catch (ErrnoException e) {
      return false;
    }
  }

  private void begin(FuseMount mount) throws IOException {
    connection.start();
    LOG.info("{}: FUSE 7.{}: {}", mount, connection.agreed().minor(), features());
    if (asked == IoProfile.PASSTHROUGH && !connection.agreed().passthrough()) {
      LOG.warn(
          "{}: files are cached: passthrough needs root and Linux 6.9, and here it is {}",
          mount,
          mayPassThrough() ? "not offered by the kernel" : "not permitted");
    }
    served.begin(
        connection.ended(),
        () -> {
          connection.giveUp();
          mount.closeDevice();
        });
  }

  @Override
  public String transport() {
    return Transport.KERNEL.key();
  }

  @Override
  public long mountId() {
    return served.mountId();
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
  public Requests requests() {
    return connection.requests();
  }

  @Override
  public long knownNodes() {
    return connection.nodes().size();
  }

  @Override
  public @Nullable String forgetRefusal() {
    return null;
  }

  @Override
  public void forget(Outdated outdated) {
    connection.forget(outdated);
  }

  @Override
  public void awaitEnd() throws InterruptedException {
    served.awaitEnd();
  }

  @Override
  public boolean ended() {
    return served.ended();
  }

  @Override
  public void unmount(boolean lazy) throws IOException {
    served.unmount(lazy);
  }

  @Override
  public void close() throws IOException {
    served.close();
  }
}
