package io.unionfs.transport.kernel;

import io.unionfs.core.Outdated;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.statistics.Requests;
import io.unionfs.statistics.Writers;
import io.unionfs.sys.FuseDevice;
import io.unionfs.transport.AclNarrowing;
import io.unionfs.transport.RequestNames;
import io.unionfs.transport.kernel.codec.InitFlags;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** One connection to a kernel: what was agreed on, what the kernel knows, and who serves it. */
final class Connection {
  /* The kernel keeps names itself; these are for what it asks while it changes them. */
  private static final long REMEMBERED_BYTES = 2L << 20;

  private final Negotiation agreed;
  private final NodeTable nodes;
  private final Opens opens;
  private final KeptTimes keptTimes;
  private final Parking parking;
  private final Requests requests = new Requests(RequestNames::of);
  private final Readers readers;
  private final Forgetting forgetting;
  private final Pruning pruning;

  private Connection(
      UnionFileSystem fs, FuseDevice device, Negotiation agreed, int threads, String name) {
    this.agreed = agreed;
    this.keptTimes = new KeptTimes(fs, agreed);
    this.nodes = new NodeTable(fs, keptTimes);
    this.opens = new Opens(fs, device, agreed);
    this.parking = new Parking(fs, device, keptTimes, agreed, name);
    this.readers = new Readers(device, agreed, requests, threads, name);
    Notices notices = new Notices(device, readers.limit());
    AclNarrowing narrowing = new AclNarrowing(fs, agreed.has(InitFlags.POSIX_ACL));
    this.forgetting = new Forgetting(nodes, notices, narrowing);
    this.pruning = new Pruning(nodes, forgetting, name);
    readers.serveBy(
        new Dispatch(
            fs,
            new ServerState(
                device,
                agreed,
                nodes,
                opens,
                new Entries(fs, nodes, narrowing, opens, agreed.timeouts()),
                keptTimes,
                notices,
                parking,
                new Writers(requests, fs.proc()),
                narrowing,
                new Signalled(readers::serving, fs.proc()::isEnding, name))));
  }

  /**
   * Greets the kernel; nothing is served before {@link #start}.
   *
   * @throws IOException if the kernel is too old or does not speak the protocol
   */
  static Connection open(
      UnionFileSystem fs, FuseDevice device, Wishes wishes, int threads, String name)
      throws IOException {
    fs.limitNames(REMEMBERED_BYTES);
    return new Connection(fs, device, Handshake.shake(device, wishes), threads, name);
  }

  void start() {
    readers.start();
  }

  Negotiation agreed() {
    return agreed;
  }

  /** Why files are cached although passthrough was agreed on; null while they pass through. */
  @Nullable String passthroughRefusal() {
    return opens.refusal();
  }

  /** What was served. */
  Requests requests() {
    return requests;
  }

  /** The nodes that the kernel knows. */
  NodeTable nodes() {
    return nodes;
  }

  /** Has the kernel forget what changed, unless the connection has ended. */
  void forget(Outdated outdated) {
    forgetting.forget(outdated);
  }

  /** Open as soon as the kernel has ended the connection and every request is answered. */
  CountDownLatch ended() {
    return readers.ended();
  }

  /** Gives up everything that the kernel held, after {@link #ended}. */
  void giveUp() {
    pruning.end();
    forgetting.end();
    parking.awaitEmpty();
    opens.clear();
    nodes.clear();
  }
}
