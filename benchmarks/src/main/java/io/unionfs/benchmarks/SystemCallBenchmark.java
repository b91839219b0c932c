package io.unionfs.benchmarks;

import io.unionfs.sys.Dirents;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
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
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a system call costs from Java, one benchmark for each shape of arguments. */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SystemCallBenchmark {
  private static final int PAGE = 4096;
  private static final int ENTRIES = 100;
  private static final Name FILE = Name.of("file-with-a-name");
  private static final Name LINK = Name.of("link");
  private static final Name ABSENT = Name.of("no-file-of-this-name");
  private static final Name XATTR = Name.of("security.capability");

  private final Sys sys = Sys.linux();
  private final Stat stat = new Stat();
  private LayerFiles files;
  private NativeMemory page;
  private Dirents entries;
  private int dir;
  private int listed;
  private int file;

  @SuppressWarnings("NullAway.Init") // set by open()
  public SystemCallBenchmark() {}

  /** Makes a file, a link, and a directory of a hundred names. */
  @Setup
  public void open() throws IOException, ErrnoException {
    files = LayerFiles.make(1);
    Path made = files.lower(0);
    Files.write(made.resolve(FILE.toString()), new byte[PAGE]);
    Files.createSymbolicLink(made.resolve(LINK.toString()), Path.of(FILE.toString()));
    Path many = Files.createDirectory(made.resolve("many"));
    for (int i = 0; i < ENTRIES; i++) {
      Files.createFile(many.resolve("name-" + i));
    }
    dir = sys.openPath(LayerFiles.bytes(made), Linux.O_PATH | Linux.O_DIRECTORY, 0);
    listed = sys.openPath(LayerFiles.bytes(many), Linux.O_RDONLY | Linux.O_DIRECTORY, 0);
    file = sys.openat(dir, FILE, Linux.O_RDONLY, 0);
    entries = Dirents.open(sys, listed);
    page = NativeMemory.allocate(PAGE);
  }

  /** Removes them. */
  @TearDown
  public void close() throws IOException {
    page.close();
    entries.close();
    sys.close(file);
    sys.close(listed);
    sys.close(dir);
    files.close();
  }

  /** No argument, and next to no work. */
  @Benchmark
  public int geteuid() {
    return OwnProcess.geteuid();
  }

  @Benchmark
  public Stat statxByDescriptor() throws ErrnoException {
    sys.fstatx(file, stat);
    return stat;
  }

  @Benchmark
  public int statxByName() {
    return sys.tryStatx(dir, FILE, stat);
  }

  @Benchmark
  public int statxOfNoName() {
    return sys.tryStatx(dir, ABSENT, stat);
  }

  /** The same with the errno as an exception. */
  @Benchmark
  public int statxThatThrows() {
    try {
      sys.statx(dir, ABSENT, stat);
      return 0;
    } catch (ErrnoException e) {
      return e.errno();
    }
  }

  @Benchmark
  public int openatAndClose() throws ErrnoException {
    int fd = sys.openat(dir, FILE, Linux.O_RDONLY, 0);
    sys.close(fd);
    return fd;
  }

  @Benchmark
  public int pread4k() throws ErrnoException {
    return sys.pread(file, page.address(), PAGE, 0);
  }

  @Benchmark
  public byte[] readlinkat() throws ErrnoException {
    return sys.readlinkat(dir, LINK);
  }

  /** Seven arguments where the kernel has getxattrat(2), else a path through {@code /proc}. */
  @Benchmark
  public int getxattrThatIsMissing() {
    return sys.tryGetxattrat(dir, FILE, XATTR, page.address(), PAGE);
  }

  /** A hundred entries, looked at but not made names of. */
  @Benchmark
  public long getdents() throws ErrnoException {
    long sum = 0;
    entries.rewind();
    while (entries.next()) {
      sum += entries.ino() + entries.nameLength();
    }
    return sum;
  }
}
