package io.unionfs.transport.kernel;

import io.unionfs.benchmarks.LayerFiles;
import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import io.unionfs.transport.kernel.codec.Timeouts;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.ThreadParams;

/** The table of the nodes that the kernel knows, with one thread and with two. */
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class NodeTableBenchmark {
  private static final int NODES = 1000;

  private final Node[] nodes = new Node[NODES];
  private LayerFiles files;
  private UnionFileSystem fs;
  private NodeTable table;

  @SuppressWarnings("NullAway.Init") // set by fill()
  public NodeTableBenchmark() {}

  /** Where a thread is in the nodes. */
  @State(Scope.Thread)
  public static class Position {
    private int at;

    /** Threads begin apart. */
    @Setup
    public void start(ThreadParams threads) {
      at = threads.getThreadIndex() * (NODES / 2);
    }

    int next() {
      at = (at + 1) % NODES;
      return at;
    }
  }

  /** Lets the kernel know a thousand nodes. */
  @Setup
  public void fill() throws IOException, ErrnoException {
    files = LayerFiles.make(1);
    for (int i = 0; i < NODES; i++) {
      Files.createFile(files.lower(0).resolve("file-" + i));
    }
    fs = UnionFileSystem.open(Sys.linux(), files.options().build());
    Negotiation agreed =
        new Negotiation(Negotiation.NEWEST_MINOR, 0, 128 << 10, 0, false, Timeouts.of(-1), true);
    table = new NodeTable(fs, new KeptTimes(fs, agreed));
    for (int i = 0; i < NODES; i++) {
      Node node = fs.lookup(fs.root(), Name.of("file-" + i));
      if (node == null) {
        throw new IllegalStateException("file " + i + " is not there");
      }
      nodes[i] = node;
      table.add(node);
    }
  }

  /** Removes the layers. */
  @TearDown
  public void close() throws IOException {
    table.clear();
    fs.close();
    files.close();
  }

  /** As every request begins. */
  @Benchmark
  @Threads(1)
  public @Nullable Node find(Position position) {
    return table.find(nodes[position.next()].ino());
  }

  @Benchmark
  @Threads(2)
  public @Nullable Node findByTwo(Position position) {
    return find(position);
  }

  /** LOOKUP and FORGET of a node that the kernel knows. */
  @Benchmark
  @Threads(1)
  public long addAndForget(Position position) {
    long id = table.add(nodes[position.next()]);
    table.forget(id, 1);
    return id;
  }

  @Benchmark
  @Threads(2)
  public long addAndForgetByTwo(Position position) {
    return addAndForget(position);
  }

  /** FORGET of the last lookup, and LOOKUP. */
  @Benchmark
  @Threads(1)
  public long forgetAndAdd(Position position) {
    Node node = nodes[position.next()];
    table.forget(node.ino(), 1);
    return table.add(node);
  }
}
