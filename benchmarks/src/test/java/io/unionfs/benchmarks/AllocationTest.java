package io.unionfs.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/*
 * In this JVM, which runs without escape analysis: what counts is what the code asks for, not what a
 * compiler takes away again as long as nobody else comes by a call site. So it needs no long warm-up either.
 */
/** The requests that programs make most leave nothing for the garbage collector. */
final class AllocationTest {
  private static final String HOT =
      "DispatchBenchmark\\.(getattr|getattrOfDirectory|lookupHit|lookupNegative|read4k|getxattrNegative)$";
  private static final String ALLOCATED = "gc.alloc.rate.norm";
  private static final int REQUESTS = 6;
  private static final int LAYERS = 2;

  /* The harness allocates as well, some kilobytes in an iteration of a hundred thousand requests. */
  private static final double BYTES = 1;

  @Test
  void hotRequestsAllocateNothing() throws Exception {
    System.setProperty("jmh.ignoreLock", "true"); // times do not matter here

    Map<String, Double> allocated = run(HOT);

    assertThat(allocated).hasSize(REQUESTS * LAYERS);
    assertThat(allocated).allSatisfy((request, bytes) -> assertThat(bytes).isLessThan(BYTES));
  }

  /** Bytes per request, by benchmark and parameters. */
  private static Map<String, Double> run(String benchmarks) throws Exception {
    Options options =
        new OptionsBuilder()
            .include(benchmarks)
            .addProfiler(GCProfiler.class)
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT)
            .forks(0)
            .warmupIterations(2)
            .warmupTime(TimeValue.milliseconds(100))
            .measurementIterations(3)
            .measurementTime(TimeValue.milliseconds(150))
            .build();
    Map<String, Double> allocated = new TreeMap<>();
    for (RunResult result : new Runner(options).run()) {
      BenchmarkParams params = result.getParams();
      String name = params.getBenchmark() + ' ' + params.getParam("layer");
      allocated.put(name, median(result.getBenchmarkResults()));
    }
    return allocated;
  }

  /* Not the mean: to the last iteration the harness adds what removes the layers. */
  private static double median(Collection<BenchmarkResult> results) {
    List<Double> bytes = new ArrayList<>();
    for (BenchmarkResult result : results) {
      for (IterationResult iteration : result.getIterationResults()) {
        Result<?> allocated = iteration.getSecondaryResults().get(ALLOCATED);
        if (allocated == null) {
          throw new IllegalStateException("no " + ALLOCATED);
        }
        bytes.add(allocated.getScore());
      }
    }
    Collections.sort(bytes);
    return bytes.get(bytes.size() / 2);
  }
}
