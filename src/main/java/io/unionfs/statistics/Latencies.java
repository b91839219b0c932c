package io.unionfs.statistics;

import java.util.concurrent.atomic.AtomicLongArray;

/*
 * Buckets as a floating-point number has them: the position of the highest bit and the two bits that
 * follow it. So a bucket is at most a quarter of its lower bound wide, from microseconds to minutes, and
 * finding it takes no search.
 */
/** How long things took: a histogram, added to by one thread and read by any. */
public final class Latencies {
  /** The number of buckets. */
  public static final int BUCKETS = 112;

  private static final int SUB_BITS = 2;
  private static final int SUBS = 1 << SUB_BITS;

  /* Everything below is one bucket: no request that went through the kernel is as fast. */
  private static final int LEAST_BITS = 9;

  private final AtomicLongArray counts = new AtomicLongArray(BUCKETS + 1);

  /** The bucket of a time. */
  static int bucket(long nanos) {
    if (nanos < 1L << LEAST_BITS) {
      return 0;
    }
    int bits = Long.SIZE - 1 - Long.numberOfLeadingZeros(nanos);
    int sub = (int) (nanos >>> (bits - SUB_BITS)) & (SUBS - 1);
    return Math.min(BUCKETS - 1, 1 + (bits - LEAST_BITS) * SUBS + sub);
  }

  /** The least time, in nanoseconds, that is too long for a bucket. */
  public static long boundNanos(int bucket) {
    int bits = LEAST_BITS + bucket / SUBS;
    return (1L << bits) + ((long) (bucket % SUBS) << (bits - SUB_BITS));
  }

  /** Adds a time; by the one thread that adds. */
  void add(long nanos) {
    increase(bucket(nanos), 1);
    if (nanos > counts.getPlain(BUCKETS)) {
      counts.setOpaque(BUCKETS, nanos);
    }
  }

  private void increase(int bucket, long by) {
    counts.setOpaque(bucket, counts.getPlain(bucket) + by);
  }

  /** Adds what another histogram has; by the one thread that adds. */
  void addAll(Latencies other) {
    for (int i = 0; i < BUCKETS; i++) {
      increase(i, other.counts.getOpaque(i));
    }
    counts.setOpaque(BUCKETS, Math.max(counts.getPlain(BUCKETS), other.counts.getOpaque(BUCKETS)));
  }

  /** What it is at this moment. */
  LatencyFigures figures() {
    long[] copy = new long[BUCKETS];
    for (int i = 0; i < BUCKETS; i++) {
      copy[i] = counts.getOpaque(i);
    }
    return new LatencyFigures(copy, counts.getOpaque(BUCKETS));
  }
}
