package io.unionfs.transport.kernel;

import io.unionfs.benchmarks.LayerFiles;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** From the bytes of a request to those of its reply, without a kernel. */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DispatchBenchmark {
  private static final int FILES = 16;
  private static final int ENTRIES = 64;
  private static final int PAGE = 4096;
  private static final int LISTING_BYTES = 32 << 10;
  private static final int HOT = 5;

  /** Which layer has the files. */
  @Param({"lower", "upper"})
  public String layer = "";

  private final byte[][] lookups = new byte[FILES][];
  private final byte[][] firstLookups = new byte[ENTRIES][];
  private final byte[][] negativeLookups = new byte[FILES][];
  private final byte[][] getattrs = new byte[FILES][];
  private final byte[][] getxattrs = new byte[FILES][];
  private final byte[][] reads = new byte[FILES][];
  private final byte[][] opens = new byte[FILES][];
  private final byte[][] releases = new byte[FILES][];
  private byte[] directory;
  private byte[] listing;
  private LayerFiles layers;
  private ServedUnion union;
  private int next;

  @SuppressWarnings("NullAway.Init") // set by open()
  public DispatchBenchmark() {}

  /** Makes two lowers with files in one layer, and requests for them. */
  @Setup
  public void open() throws IOException, ErrnoException {
    layers = LayerFiles.make(2);
    Path place = layer.equals("upper") ? layers.upper() : layers.lower(0);
    Files.createDirectory(place.resolve("unseen"));
    for (int i = 0; i < FILES; i++) {
      Files.write(place.resolve("file-" + i), new byte[PAGE]);
    }
    for (int i = 0; i < ENTRIES; i++) {
      Files.write(place.resolve("unseen/file-" + i), new byte[PAGE]);
    }
    union = ServedUnion.open(layers.options().build());
    long unseen = union.serveWell(Message.lookup(NodeTable.ROOT_ID, "unseen"));
    for (int i = 0; i < FILES; i++) {
      prepare(i);
    }
    for (int i = 0; i < ENTRIES; i++) {
      firstLookups[i] = Message.lookup(unseen, "file-" + i);
    }
    directory = Message.getattr(unseen);
    union.serveWell(directory);
    listing = Message.readdirplus(unseen, 0, LISTING_BYTES);
    union.serveWell(listing);
  }

  private void prepare(int i) throws ErrnoException {
    lookups[i] = Message.lookup(NodeTable.ROOT_ID, "file-" + i);
    negativeLookups[i] = Message.lookup(NodeTable.ROOT_ID, "no-file-" + i);
    remember("file-" + i);
    remember("no-file-" + i);
    long node = union.serveWell(lookups[i]);
    union.serveWell(negativeLookups[i]);
    getattrs[i] = Message.getattr(node);
    getxattrs[i] = Message.getxattr(node, "security.capability", 64);
    reads[i] = Message.read(node, 0, PAGE);
    opens[i] = Message.open(node, Linux.O_RDONLY);
    releases[i] = Message.release(node);
    union.serveWell(getattrs[i]);
    union.serveWell(reads[i]);
    if (union.serve(getxattrs[i]) != Errno.ENODATA) {
      throw new IllegalStateException("a file with a capability");
    }
  }

  /* As an operation that changes names does; what a LOOKUP finds is the kernel's to remember. */
  private void remember(String name) throws ErrnoException {
    union.fs().lookup(union.fs().root(), Name.of(name));
  }

  /** Removes the layers. */
  @TearDown
  public void close() throws IOException {
    union.close();
    layers.close();
  }

  private int serveNextOf(byte[][] messages) {
    next = (next + 1) % messages.length;
    return union.serve(messages[next]);
  }

  @Benchmark
  public int getattr() {
    return serveNextOf(getattrs);
  }

  @Benchmark
  public int getattrOfDirectory() {
    return union.serve(directory);
  }

  /** A name that the server's cache has. */
  @Benchmark
  public int lookupHit() {
    return serveNextOf(lookups);
  }

  /** A name that the server's cache knows not to exist. */
  @Benchmark
  public int lookupNegative() {
    return serveNextOf(negativeLookups);
  }

  /** A name that the layers are asked for. */
  @Benchmark
  public int lookupUnremembered() {
    return serveNextOf(firstLookups);
  }

  @Benchmark
  public int read4k() {
    return serveNextOf(reads);
  }

  @Benchmark
  public int getxattrNegative() {
    return serveNextOf(getxattrs);
  }

  /**
   * The requests that programs make most, one after the other, so that none is alone in the JIT.
   */
  @Benchmark
  public int mixed() {
    next = (next + 1) % (FILES * HOT);
    int file = next / HOT;
    return switch (next % HOT) {
      case 0 -> union.serve(getattrs[file]);
      case 1 -> union.serve(lookups[file]);
      case 2 -> union.serve(negativeLookups[file]);
      case 3 -> union.serve(reads[file]);
      default -> union.serve(getxattrs[file]);
    };
  }

  /** An open file descriptor's beginning and end. */
  @Benchmark
  public int openAndRelease() {
    next = (next + 1) % FILES;
    Message.setHandle(releases[next], union.serveWell(opens[next]));
    return union.serve(releases[next]);
  }

  /** Sixty-four entries with their attributes. */
  @Benchmark
  public int readdirplus() {
    return union.serve(listing);
  }
}
