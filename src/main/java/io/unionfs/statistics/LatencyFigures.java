package io.unionfs.statistics;

import java.util.Arrays;

/** A histogram of times as it was at one moment. Immutable. */
public final class LatencyFigures {
  /** Of nothing. */
  public static final LatencyFigures NONE = new LatencyFigures(new long[Latencies.BUCKETS], 0);

  private final long[] counts;
  private final long maxNanos;

  /**
   * @param counts how many there are in each bucket of {@link Latencies}; kept
   */
  LatencyFigures(long[] counts, long maxNanos) {
    this.counts = counts;
    this.maxNanos = maxNanos;
  }

  /** Figures from what {@link #count(int)} and {@link #maxNanos} said somewhere else. */
  public static LatencyFigures of(long[] counts, long maxNanos) {
    return new LatencyFigures(Arrays.copyOf(counts, Latencies.BUCKETS), maxNanos);
  }

  /** How many were timed. */
  public long count() {
    return Arrays.stream(counts).sum();
  }

  /** How many are in a bucket. */
  public long count(int bucket) {
    return counts[bucket];
  }

  /** The longest, in nanoseconds; 0 if there is none. */
  public long maxNanos() {
    return maxNanos;
  }

  /**
   * The time, in nanoseconds, that a share of all does not exceed: the upper bound of a bucket, so
   * up to a quarter too long and never too short.
   *
   * @param share 0 to 1
   */
  public long percentileNanos(double share) {
    long wanted = (long) Math.ceil(count() * share);
    long seen = 0;
    for (int i = 0; i < counts.length; i++) {
      seen += counts[i];
      if (seen >= wanted && seen > 0) {
        return Math.min(maxNanos, Latencies.boundNanos(i));
      }
    }
    return maxNanos;
  }

  /**
   * What came after an earlier moment. The longest is then the bound of its bucket, unless it is
   * the longest of all.
   */
  public LatencyFigures since(LatencyFigures earlier) {
    long[] difference = new long[counts.length];
    long longest = 0;
    for (int i = 0; i < counts.length; i++) {
      difference[i] = Math.max(0, counts[i] - earlier.counts[i]);
      if (difference[i] > 0) {
        longest = Math.min(maxNanos, Latencies.boundNanos(i));
      }
    }
    return new LatencyFigures(difference, longest);
  }
}
