package io.unionfs.transport.jnrfuse;

import io.unionfs.core.Outdated;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.statistics.Requests;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Sys;
import io.unionfs.transport.IoProfile;
import io.unionfs.transport.MountPoint;
import io.unionfs.transport.RequestNames;
import io.unionfs.transport.Session;
import io.unionfs.transport.Transport;
import io.unionfs.transport.mount.FuseMount;
import io.unionfs.transport.mount.ServedMount;
import java.io.IOException;
import java.lang.ref.Reference;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A mount served through libfuse 2. */
public final class JnrFuseSession implements Session {
  private static final Logger LOG = LoggerFactory.getLogger(JnrFuseSession.class);

  private final LibFuse2 library;
  private final ServedMount served;
  private final Channel channel;
  private final OperationTable operations;
  private final Handles handles;
  private final long fuse;
  private final RequestLoop loop;
  private final Requests requests;

  private JnrFuseSession(
      LibFuse2 library,
      ServedMount served,
      Channel channel,
      OperationTable operations,
      Handles handles,
      long fuse,
      RequestLoop loop,
      Requests requests) {
    this.library = library;
    this.served = served;
    this.channel = channel;
    this.operations = operations;
    this.handles = handles;
    this.fuse = fuse;
    this.loop = loop;
    this.requests = requests;
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
      ServedMount.abandon(mount);
      throw e;
    }
    session.loop.start();
    session.served.begin(session.loop.ended(), () -> session.giveUp(mount));
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
    Requests requests = new Requests(RequestNames::of);
    RequestLoop loop =
        new RequestLoop(
            library,
            library.session(fuse),
            channelAddress,
            channel,
            at.threads(),
            "unionfs " + mount,
            context.hidden(),
            requests);
    return new JnrFuseSession(
        library, new ServedMount(mount), channel, operations, handles, fuse, loop, requests);
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

  private void giveUp(FuseMount mount) {
    try {
      library.destroy(fuse);
      mount.closeDevice();
      handles.closeAll();
    } finally {
      Reference.reachabilityFence(channel); // libfuse calls these to the last
      Reference.reachabilityFence(operations);
    }
  }

  @Override
  public String transport() {
    return Transport.JNR_FUSE.key();
  }

  @Override
  public long mountId() {
    return served.mountId();
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
  public Requests requests() {
    return requests;
  }

  @Override
  public long knownNodes() {
    return -1;
  }

  @Override
  public String forgetRefusal() {
    return "libfuse 2 cannot tell the kernel that names and files have changed";
  }

  @Override
  public void forget(Outdated outdated) {
    throw new UnsupportedOperationException(forgetRefusal());
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
