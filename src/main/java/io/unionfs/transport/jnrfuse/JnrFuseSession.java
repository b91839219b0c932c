package io.unionfs.transport.jnrfuse;

import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Sys;
import io.unionfs.transport.IoProfile;
import io.unionfs.transport.MountBusyException;
import io.unionfs.transport.MountPoint;
import io.unionfs.transport.Session;
import io.unionfs.transport.Transport;
import io.unionfs.transport.mount.FuseMount;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.ref.Reference;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A mount served through libfuse 2. */
public final class JnrFuseSession implements Session {
  private static final Logger LOG = LoggerFactory.getLogger(JnrFuseSession.class);

  private final LibFuse2 library;
  private final FuseMount mount;
  private final Channel channel;
  private final OperationTable operations;
  private final Handles handles;
  private final long fuse;
  private final RequestLoop loop;
  private final CountDownLatch ended = new CountDownLatch(1);

  private JnrFuseSession(
      LibFuse2 library,
      FuseMount mount,
      Channel channel,
      OperationTable operations,
      Handles handles,
      long fuse,
      RequestLoop loop) {
    this.library = library;
    this.mount = mount;
    this.channel = channel;
    this.operations = operations;
    this.handles = handles;
    this.fuse = fuse;
    this.loop = loop;
  }

  /**
   * Mounts a union and returns when the mount answers.
   *
   * @throws IOException if it cannot be mounted; the message is for the user, and nothing is left
   *     behind
   */
  public static JnrFuseSession mount(UnionFileSystem fs, MountPoint at) throws IOException {
    LibFuse2 library = LibFuse2.load();
    FuseMount mount = FuseMount.attach(Sys.linux(), at);
    JnrFuseSession session;
    try {
      session = open(library, fs, at, mount);
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

  private static JnrFuseSession open(
      LibFuse2 library, UnionFileSystem fs, MountPoint at, FuseMount mount) throws IOException {
    LinkedNodes linked = new LinkedNodes();
    Channel channel = new Channel(mount.deviceFd(), linked);
    long channelAddress = newChannel(library, channel, mount.deviceFd());
    Handles handles = new Handles(fs);
    MountContext context = MountContext.of(fs, library, channelAddress, handles, linked);
    OperationTable operations = OperationTable.create(context, LOG.isTraceEnabled());
    long fuse = newFuse(library, channelAddress, operations, at.timeoutSeconds());
    RequestLoop loop =
        new RequestLoop(
            library,
            library.session(fuse),
            channelAddress,
            channel,
            at.threads(),
            "unionfs " + mount,
            context.hidden());
    return new JnrFuseSession(library, mount, channel, operations, handles, fuse, loop);
  }

  private static long newChannel(LibFuse2 library, Channel send, int deviceFd) throws IOException {
    // struct fuse_chan_ops: receive, send, destroy. We read by ourselves and close by ourselves.
    try (NativeMemory operations = NativeMemory.allocate(3L * Long.BYTES)) {
      NativeMemory.zero(operations.address(), operations.size());
      NativeMemory.putLong(operations.address() + Long.BYTES, send.address());
      long channel = library.newChannel(operations.address(), deviceFd, Channel.BUFFER_SIZE);
      if (channel == 0) {
        throw new IOException("libfuse has no memory for a channel");
      }
      return channel;
    }
  }

  private static long newFuse(
      LibFuse2 library, long channel, OperationTable operations, double timeoutSeconds)
      throws IOException {
    try (Arguments arguments = Arguments.of(library, timeoutSeconds)) {
      long fuse =
          library.newFuse(channel, arguments.address(), operations.address(), operations.size());
      if (fuse == 0) {
        library.destroyChannel(channel);
        throw new IOException("libfuse refuses its options; is it older than 2.9?");
      }
      return fuse;
    }
  }

  private void start() {
    loop.start();
    Thread end = new Thread(this::awaitAndGiveUp, "unionfs " + mount + " end");
    end.setDaemon(true);
    end.start();
  }

  /** Waits until nobody serves any more, and gives up everything. */
  private void awaitAndGiveUp() {
    try {
      awaitUninterruptibly(loop.ended());
      library.destroy(fuse);
      mount.closeDevice();
      handles.closeAll();
      detach(mount); // after an abort of the connection the dead mount is still there
      LOG.info("unmounted {}", mount);
    } finally {
      Reference.reachabilityFence(channel); // libfuse calls these to the last
      Reference.reachabilityFence(operations);
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
    return Transport.JNR_FUSE.key();
  }

  @Override
  public String ioProfile() {
    return IoProfile.CACHED.key();
  }

  @Override
  public List<String> features() {
    return List.of();
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
