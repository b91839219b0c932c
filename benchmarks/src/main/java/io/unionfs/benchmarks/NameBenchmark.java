package io.unionfs.benchmarks;

import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.RecentNames;
import java.nio.charset.StandardCharsets;
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

/** Names from the bytes of requests, and back. */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class NameBenchmark {
  private static final int MOST_BYTES = 256;
  private static final int NAMES = 16;
  private static final int STRIDE = MOST_BYTES;

  /** The length of the names in bytes. */
  @Param({"8", "32", "255"})
  public int length;

  private final RecentNames recent = new RecentNames();
  private final Name[] names = new Name[NAMES];
  private NativeMemory memory;
  private Name name;
  private Name same;
  private Name other;
  private int next;

  @SuppressWarnings("NullAway.Init") // set by make()
  public NameBenchmark() {}

  /** Makes names that differ in their last byte. */
  @Setup
  public void make() {
    memory = NativeMemory.allocate((long) NAMES * STRIDE);
    for (int i = 0; i < NAMES; i++) {
      names[i] = named(i);
      names[i].copyTo(at(i));
    }
    name = named(0);
    same = named(0);
    other = named(1);
  }

  private Name named(int i) {
    byte[] bytes = "n".repeat(length).getBytes(StandardCharsets.UTF_8);
    bytes[length - 1] = (byte) ('a' + i);
    return Name.of(bytes);
  }

  private long at(int i) {
    return memory.address() + (long) i * STRIDE;
  }

  /** Frees the memory. */
  @TearDown
  public void free() {
    memory.close();
  }

  private long nextAddress() {
    next = (next + 1) % NAMES;
    return at(next);
  }

  /** A new object, with its hash code. */
  @Benchmark
  public Name fromNative() {
    return Name.fromNative(nextAddress(), length);
  }

  /** The same where the name was met before. */
  @Benchmark
  public Name fromNativeAgain() {
    return recent.fromNative(nextAddress(), length);
  }

  @Benchmark
  public int toNative() {
    return name.copyTo(at(0));
  }

  @Benchmark
  public boolean equalsSame() {
    return name.equals(same);
  }

  @Benchmark
  public boolean equalsOther() {
    return name.equals(other);
  }
}
