package io.unionfs.benchmarks;

import io.unionfs.core.Listing;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.file.Files;
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

/** The listing of a merged directory of a thousand names. */
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class MergeBenchmark {
  private static final int NAMES = 1000;

  /** How many lower layers there are; the names are spread over them. */
  @Param({"1", "10", "100"})
  public int layers;

  private LayerFiles files;
  private UnionFileSystem remembering;
  private UnionFileSystem forgetful;

  @SuppressWarnings("NullAway.Init") // set by open()
  public MergeBenchmark() {}

  /** Makes the layers, and two unions of them. */
  @Setup
  public void open() throws IOException {
    files = LayerFiles.make(layers);
    for (int i = 0; i < NAMES; i++) {
      Files.createFile(files.lower(i % layers).resolve("name-of-a-file-" + i));
    }
    remembering = UnionFileSystem.open(Sys.linux(), files.options().build());
    forgetful =
        UnionFileSystem.open(Sys.linux(), files.options().upper(null).timeoutSeconds(0).build());
  }

  /** Removes the layers. */
  @TearDown
  public void close() throws IOException {
    remembering.close();
    forgetful.close();
    files.close();
  }

  /** With every layer read anew. */
  @Benchmark
  public Listing merge() throws ErrnoException {
    return forgetful.list(forgetful.root());
  }

  /** Where only the upper is read. */
  @Benchmark
  public Listing mergeOfKnownLowers() throws ErrnoException {
    return remembering.list(remembering.root());
  }
}
