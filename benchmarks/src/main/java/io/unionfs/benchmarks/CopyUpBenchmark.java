package io.unionfs.benchmarks;

import io.unionfs.core.Caller;
import io.unionfs.core.Node;
import io.unionfs.core.SetAttr;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Random;
import java.util.concurrent.TimeUnit;
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

/** The copy-up of a file whose mode changes. */
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 5)
@Measurement(iterations = 10)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class CopyUpBenchmark {
  private static final int FILES = 8;
  private static final int MODE = 0600;
  private static final Caller ROOT = new Caller(0, 0, 0, 1);

  /** The size of each file. */
  @Param({"0", "4096", "65536", "1048576", "16777216"})
  public int bytes;

  /** Whether a copy is on the disk before it has its name. */
  @Param({"false", "true"})
  public boolean durable;

  /** Whether the host copies, by reflink or copy_file_range(2), or the server through a buffer. */
  @Param({"host", "buffer"})
  public String copier = "";

  private final Node[] files = new Node[FILES];
  private LayerFiles layers;
  private UnionFileSystem fs;

  @SuppressWarnings("NullAway.Init") // set by makeLayers() and mount()
  public CopyUpBenchmark() {}

  /** A host that copies nothing by itself. */
  private static final class NoCopying extends Sys {
    @Override
    public int tryFiclone(int fromFd, int toFd) {
      return Errno.EOPNOTSUPP;
    }

    @Override
    public long tryCopyFileRange(int inFd, long inOffset, int outFd, long outOffset, long length) {
      return -Errno.EOPNOTSUPP;
    }
  }

  /** Makes the files, of bytes that no file system makes shorter. */
  @Setup
  public void makeLayers() throws IOException {
    layers = LayerFiles.make(1);
    Random random = new Random(1);
    byte[] content = new byte[bytes];
    for (int i = 0; i < FILES; i++) {
      random.nextBytes(content);
      Files.write(layers.lower(0).resolve("file-" + i), content);
    }
  }

  /** Begins with an empty upper. */
  @Setup(Level.Iteration)
  public void mount() throws IOException, ErrnoException {
    layers.clearUpper();
    Sys sys = copier.equals("buffer") ? new NoCopying() : Sys.linux();
    fs = UnionFileSystem.open(sys, layers.options().isVolatile(!durable).build());
    for (int i = 0; i < FILES; i++) {
      Node node = fs.lookup(fs.root(), Name.of("file-" + i));
      if (node == null) {
        throw new IllegalStateException("file " + i + " is not there");
      }
      fs.retain(node);
      files[i] = node;
    }
  }

  /** Ends with what was copied. */
  @TearDown(Level.Iteration)
  public void unmount() {
    for (Node file : files) {
      fs.release(file, 1);
    }
    fs.close();
  }

  /** Removes the layers. */
  @TearDown
  public void removeLayers() throws IOException {
    layers.close();
  }

  @Benchmark
  @OperationsPerInvocation(FILES)
  public void copyUp() throws ErrnoException {
    SetAttr change = new SetAttr();
    change.valid = SetAttr.MODE;
    change.mode = MODE;
    for (Node file : files) {
      fs.setattr(file, change, ROOT);
    }
  }
}
