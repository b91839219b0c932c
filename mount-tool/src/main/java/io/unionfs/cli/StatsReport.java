package io.unionfs.cli;

import io.unionfs.control.MountStatistics;
import io.unionfs.control.MountStatistics.Resources;
import io.unionfs.statistics.CacheFigures;
import io.unionfs.statistics.CopiedFile;
import io.unionfs.statistics.CopyUpFigures;
import io.unionfs.statistics.LatencyFigures;
import io.unionfs.statistics.OperationFigures;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The statistics of a mount for people. */
final class StatsReport {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double NANOS_PER_MILLI = 1e6;
  private static final double NANOS_PER_MICRO = 1e3;
  private static final long MINUTE = 60;
  private static final long HOUR = 3600;
  private static final long DAY = 86_400;
  private static final String UNKNOWN = "-";

  private StatsReport() {}

  /**
   * Prints them.
   *
   * @param before what was known earlier, whose rates and times are left out; null for all since
   *     the mount
   */
  static void print(PrintWriter out, MountStatistics now, @Nullable MountStatistics before) {
    out.printf(
        "%s: transport %s, process %d, mounted for %s%n%n",
        now.mountPoint(), now.transport(), now.pid(), duration(now.upNanos()));
    operations(now, before).print(out);
    out.println();
    copyUps(out, now.copyUps());
    out.println();
    caches(now).print(out);
    out.println();
    resources(out, now);
  }

  private static FigureTable operations(MountStatistics now, @Nullable MountStatistics before) {
    FigureTable table =
        new FigureTable(
            "OPERATION", "REQUESTS", "PER SECOND", "P50 us", "P95 us", "P99 us", "MAX us");
    Map<String, OperationFigures> earlier =
        before == null
            ? Map.of()
            : before.operations().stream()
                .collect(
                    Collectors.toMap(OperationFigures::name, Function.identity(), (a, b) -> a));
    double seconds = (now.upNanos() - (before == null ? 0 : before.upNanos())) / NANOS_PER_SECOND;
    List<OperationFigures> sorted = new ArrayList<>(now.operations());
    sorted.sort(Comparator.comparingLong(OperationFigures::requests).reversed());
    long all = 0;
    long allSince = 0;
    for (OperationFigures operation : sorted) {
      OperationFigures then = earlier.get(operation.name());
      long since = operation.requests() - (then == null ? 0 : then.requests());
      LatencyFigures latency =
          then == null ? operation.latency() : operation.latency().since(then.latency());
      table.row(
          operation.name(),
          Long.toString(operation.requests()),
          rate(since, seconds),
          micros(latency, latency.percentileNanos(0.5)),
          micros(latency, latency.percentileNanos(0.95)),
          micros(latency, latency.percentileNanos(0.99)),
          micros(latency, latency.maxNanos()));
      all += operation.requests();
      allSince += since;
    }
    table.row("all", Long.toString(all), rate(allSince, seconds), "", "", "", "");
    return table;
  }

  private static void copyUps(PrintWriter out, CopyUpFigures copyUps) {
    out.printf(
        "copied up: %d files with %s, %d directories, in %s%n",
        copyUps.files(),
        Progress.size(copyUps.bytes()),
        copyUps.directories(),
        duration(copyUps.nanos()));
    CopiedFile longest = copyUps.longest();
    if (longest != null) {
      out.printf("longest:   %s, %s%n", duration(longest.nanos()), longest.path());
    }
    if (!copyUps.top().isEmpty()) {
      out.println();
      FigureTable files = new FigureTable("COPIED UP FOR", "PID", "SIZE", "TIME").leftAfter("FILE");
      for (CopiedFile file : copyUps.top()) {
        files.row(
            file.program().toString(),
            file.pid() == 0 ? UNKNOWN : Integer.toString(file.pid()),
            Progress.size(file.bytes()),
            duration(file.nanos()),
            file.path());
      }
      files.print(out);
    }
    if (!copyUps.programs().isEmpty()) {
      out.println();
      FigureTable programs = new FigureTable("COPIED UP FOR", "COPY-UPS", "SIZE");
      for (CopyUpFigures.Program program : copyUps.programs()) {
        programs.row(
            program.name().toString(),
            Long.toString(program.copyUps()),
            Progress.size(program.bytes()));
      }
      programs.print(out);
    }
  }

  private static FigureTable caches(MountStatistics now) {
    FigureTable table =
        new FigureTable("CACHE", "HITS", "MISSES", "HIT RATE", "ENTRIES", "SIZE", "LIMIT");
    for (CacheFigures cache : now.caches()) {
      boolean sized = cache.bytes() >= 0;
      table.row(
          cache.name(),
          Long.toString(cache.hits()),
          Long.toString(cache.misses()),
          cache.hits() + cache.misses() == 0
              ? UNKNOWN
              : String.format(Locale.ROOT, "%.1f %%", cache.hitRate() * 100),
          Long.toString(cache.entries()),
          sized ? Progress.size(cache.bytes()) : UNKNOWN,
          sized ? Progress.size(cache.limit()) : Long.toString(cache.limit()));
    }
    return table;
  }

  private static void resources(PrintWriter out, MountStatistics now) {
    Resources taken = now.resources();
    out.printf(
        "nodes:       %d%s%n",
        now.nodes(), now.knownNodes() < 0 ? "" : ", " + now.knownNodes() + " known to the kernel");
    out.printf(
        "descriptors: %s of %d%n",
        taken.descriptors() < 0 ? UNKNOWN : Long.toString(taken.descriptors()),
        taken.mostDescriptors());
    out.printf(
        "memory:      heap %s of %s, resident %s%n",
        Progress.size(taken.heapBytes()),
        Progress.size(taken.mostHeapBytes()),
        taken.residentBytes() < 0 ? UNKNOWN : Progress.size(taken.residentBytes()));
  }

  private static String rate(long count, double seconds) {
    return seconds <= 0 ? UNKNOWN : String.format(Locale.ROOT, "%.1f", count / seconds);
  }

  private static String micros(LatencyFigures latency, long nanos) {
    return latency.count() == 0
        ? UNKNOWN
        : String.format(Locale.ROOT, "%.1f", nanos / NANOS_PER_MICRO);
  }

  /** A duration with as much precision as is of use. */
  static String duration(long nanos) {
    if (nanos < NANOS_PER_SECOND) {
      return String.format(Locale.ROOT, "%.2f ms", nanos / NANOS_PER_MILLI);
    }
    long seconds = (long) (nanos / NANOS_PER_SECOND);
    if (seconds < MINUTE) {
      return String.format(Locale.ROOT, "%.1f s", nanos / NANOS_PER_SECOND);
    }
    if (seconds < HOUR) {
      return seconds / MINUTE + " min " + seconds % MINUTE + " s";
    }
    return seconds < DAY
        ? seconds / HOUR + " h " + seconds % HOUR / MINUTE + " min"
        : seconds / DAY + " d " + seconds % DAY / HOUR + " h";
  }
}
