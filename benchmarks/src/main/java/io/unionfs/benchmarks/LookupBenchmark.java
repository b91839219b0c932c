package io.unionfs.benchmarks;

import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** The cost of finding a name: in the cache, missing, and for the first time. */
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LookupBenchmark {
  private static final int NAMES = 1000;

  /** How many lower layers there are; the names are spread over them. */
  @Param({"1", "10", "100", "500"})
  public int layers;

  private final Name[] present = new Name[NAMES];
  private final Name[] absent = new Name[NAMES];
  private LayerFiles files;
  private UnionFileSystem fs;
  private int next;

  @SuppressWarnings("NullAway.Init") // set by makeLayers()
  public LookupBenchmark() {}

  /** Makes the layers. */
  @Setup
  public void makeLayers() throws IOException {
    files = LayerFiles.make(layers);
    for (int i = 0; i < NAMES; i++) {
      present[i] = Name.of("name-of-a-file-" + i);
      absent[i] = Name.of("name-of-no-file-" + i);
      Files.createFile(files.lower(i % layers).resolve("name-of-a-file-" + i));
    }
    open();
  }

  private void open() throws IOException {
    fs = UnionFileSystem.open(Sys.linux(), files.options().build());
  }

  /** Removes the layers. */
  @TearDown
  public void removeLayers() throws IOException {
    fs.close();
    files.close();
  }

  /** A name that the cache has. */
  @Benchmark
  @BenchmarkMode(Mode.AverageTime)
  public @Nullable Node hit() throws ErrnoException {
    next = (next + 1) % NAMES;
    return fs.lookup(fs.root(), present[next]);
  }

  /** A name that the cache knows not to exist. */
  @Benchmark
  @BenchmarkMode(Mode.AverageTime)
  public @Nullable Node miss() throws ErrnoException {
    next = (next + 1) % NAMES;
    return fs.lookup(fs.root(), absent[next]);
  }

  /** A union that nothing was asked of. */
  @State(Scope.Benchmark)
  public static class Fresh {
    /** Opens the layers anew. */
    @Setup(Level.Invocation)
    public void reopen(LookupBenchmark benchmark) throws IOException {
      benchmark.fs.close();
      benchmark.open();
    }
  }

  /** The first lookup of each of a thousand names of one directory. */
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  @OperationsPerInvocation(NAMES)
  @Warmup(iterations = 20)
  @Measurement(iterations = 20)
  public void firstTime(Fresh fresh, Blackhole sink) throws ErrnoException {
    for (Name name : present) {
      sink.consume(fs.lookup(fs.root(), name));
    }
  }
}
