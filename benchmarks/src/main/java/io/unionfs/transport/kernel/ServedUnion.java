package io.unionfs.transport.kernel;

import io.unionfs.core.MountOptions;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.statistics.Requests;
import io.unionfs.statistics.Writers;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.FuseDevice;
import io.unionfs.sys.Linux;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Sys;
import io.unionfs.transport.AclNarrowing;
import io.unionfs.transport.RequestNames;
import io.unionfs.transport.kernel.codec.InitFlags;
import io.unionfs.transport.kernel.codec.Timeouts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * A union whose requests the calling thread serves, as a reader thread does, to a kernel that takes
 * every answer: the device is {@code /dev/null}, so a reply costs a write(2) that does nothing.
 */
final class ServedUnion implements AutoCloseable {
  private static final byte[] DEVICE = "/dev/null".getBytes(StandardCharsets.UTF_8);
  private static final int HEADER_SIZE = 16;
  private static final double AN_HOUR = 3600; // not for ever: each listing tells of each entry

  private final UnionFileSystem fs;
  private final Fd device;
  private final Worker worker;
  private final Dispatch dispatch;

  private ServedUnion(UnionFileSystem fs, Fd device, Negotiation agreed) {
    this.fs = fs;
    this.device = device;
    Requests requests = new Requests(RequestNames::of);
    this.worker = new Worker(agreed, requests);
    FuseDevice answers = new FuseDevice(device.raw());
    KeptTimes keptTimes = new KeptTimes(fs, agreed);
    NodeTable nodes = new NodeTable(fs, keptTimes);
    AclNarrowing narrowing = new AclNarrowing(fs, agreed.has(InitFlags.POSIX_ACL));
    Opens opens = new Opens(fs, answers, agreed);
    this.dispatch =
        new Dispatch(
            fs,
            new ServerState(
                answers,
                agreed,
                nodes,
                opens,
                new Entries(fs, nodes, narrowing, opens, agreed.timeouts()),
                keptTimes,
                new Notices(answers, 1),
                new Parking(fs, answers, keptTimes, agreed, "benchmark"),
                new Writers(requests, fs.proc()),
                narrowing,
                unique -> false));
  }

  /** Opens the layers; the calling thread serves. */
  static ServedUnion open(MountOptions options) throws IOException, ErrnoException {
    Sys sys = Sys.linux();
    Negotiation agreed =
        new Negotiation(
            Negotiation.NEWEST_MINOR,
            InitFlags.POSIX_ACL,
            128 << 10,
            0,
            false,
            Timeouts.of(AN_HOUR),
            false);
    Fd device = new Fd(sys, sys.openPath(DEVICE, Linux.O_RDWR, 0));
    return new ServedUnion(UnionFileSystem.open(sys, options), device, agreed);
  }

  UnionFileSystem fs() {
    return fs;
  }

  /** Serves one request; the errno of the reply. */
  int serve(byte[] message) {
    NativeMemory.putBytes(worker.address(), message, 0, message.length);
    worker.request.wrap(worker.address(), message.length);
    dispatch.serve(worker);
    return -NativeMemory.getInt(worker.reply.address() + Integer.BYTES);
  }

  /**
   * The same for a request that must not fail.
   *
   * @return the first field of the reply's body: a node id or a handle
   */
  long serveWell(byte[] message) {
    int errno = serve(message);
    if (errno != 0) {
      throw new IllegalStateException("errno " + errno);
    }
    return NativeMemory.getLong(worker.reply.address() + HEADER_SIZE);
  }

  @Override
  public void close() {
    worker.close();
    fs.close();
    device.close();
  }
}
