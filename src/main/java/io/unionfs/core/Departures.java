package io.unionfs.core;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Nodes that nobody refers to any more, counted while somebody waits for them; one at a time. */
final class Departures {
  private final Semaphore seen = new Semaphore(0);

  /* Set by who waits, before he looks at nodes: what departs later is counted. */
  private volatile boolean watched;

  /** To be called when a node has lost its last reference. */
  void happened() {
    if (watched) {
      seen.release();
    }
  }

  void watch() {
    seen.drainPermits();
    watched = true;
  }

  /** Waits for so many more; false if they do not come in time, or the thread is interrupted. */
  boolean await(int number, long nanos) {
    try {
      return seen.tryAcquire(number, nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  void stop() {
    watched = false;
  }
}
