package io.unionfs.benchmarks;

import io.unionfs.statistics.Lane;
import io.unionfs.statistics.Requests;
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
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/** What a request costs more because it is counted. */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CountingBenchmark {
  private static final int GETATTR = 3;
  private static final int PID = 1;
  private static final int OFTEN = 1 << 20;

  private final Requests requests = new Requests(Integer::toString);
  private Lane lane;
  private int served;

  @SuppressWarnings("NullAway.Init") // set by enter()
  public CountingBenchmark() {}

  /** The benchmark's thread is one that serves. */
  @Setup
  public void enter() {
    lane = requests.enter();
  }

  /** And ends. */
  @TearDown
  public void leave() {
    lane.close();
  }

  /** While nobody looks: one of sixteen is timed. */
  @Benchmark
  @Threads(2)
  public void unwatched() {
    lane.end(GETATTR, lane.begin(GETATTR, PID));
  }

  /** While somebody looks: all are timed. */
  @Benchmark
  @Threads(2)
  public void watched() {
    if ((served++ & (OFTEN - 1)) == 0) {
      requests.watch();
    }
    lane.end(GETATTR, lane.begin(GETATTR, PID));
  }

  /** Reading the clock twice, to compare. */
  @Benchmark
  @Threads(2)
  public long clock() {
    long start = System.nanoTime();
    return System.nanoTime() - start;
  }
}
