package io.unionfs.statistics;

import io.unionfs.sys.Name;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/*
 * A thread of its own adds, so adding is a load and a store without a lock prefix, and threads share no
 * cache line. Whoever reads sees each counter as it was a moment ago.
 *
 * Reading the clock twice costs more than all the rest, and on machines without a clock that user space
 * can read, a system call. So one request of sixteen of each kind is timed, and all while somebody looks.
 */
/**
 * The requests that one thread served. Only that thread calls what is not said to be for others.
 */
public final class Lane implements AutoCloseable {
  /** One for each operation number; a larger number is counted as 0. */
  static final int OPERATIONS = 64;

  /** What {@link #begin} says of a request that is not timed. */
  private static final long UNTIMED = 0;

  private static final int SAMPLED = 16;
  private static final ThreadLocal<Lane> CURRENT = new ThreadLocal<>();

  private final Requests requests;
  private final AtomicLongArray counts = new AtomicLongArray(OPERATIONS);
  private final AtomicReferenceArray<@Nullable Latencies> latencies =
      new AtomicReferenceArray<>(OPERATIONS);
  private int pid;
  private @Nullable Name program;

  Lane(Requests requests) {
    this.requests = requests;
  }

  /** The process for which this thread works right now; 0 where that is not known. */
  static int currentPid() {
    Lane lane = CURRENT.get();
    return lane == null ? 0 : lane.pid;
  }

  /** What that process runs, where that was asked before; else null. */
  static @Nullable Name currentProgram() {
    Lane lane = CURRENT.get();
    return lane == null ? null : lane.program;
  }

  /** Says for whom the thread works, where that is not who asked. */
  void workFor(int process, @Nullable Name runs) {
    pid = process;
    program = runs;
  }

  /** Makes this the lane of the calling thread, for {@link #currentPid}. */
  void enter() {
    CURRENT.set(this);
  }

  /**
   * Counts a request that was read.
   *
   * @param operation its kind
   * @param caller the process that asks, 0 for the kernel itself
   * @return what {@link #end} is to be told
   */
  public long begin(int operation, int caller) {
    pid = caller;
    program = null;
    int slot = slot(operation);
    long before = counts.getPlain(slot);
    counts.setOpaque(slot, before + 1);
    if ((before & (SAMPLED - 1)) != 0 && !requests.watched()) {
      return UNTIMED;
    }
    long now = System.nanoTime();
    return now == UNTIMED ? now + 1 : now;
  }

  /** Notes that a request was answered. */
  public void end(int operation, long begun) {
    if (begun != UNTIMED) {
      long now = System.nanoTime();
      times(slot(operation)).add(now - begun);
      requests.lookAtClock(now);
    }
  }

  private static int slot(int operation) {
    return operation > 0 && operation < OPERATIONS ? operation : 0;
  }

  private Latencies times(int slot) {
    Latencies known = latencies.getPlain(slot);
    if (known == null) {
      known = new Latencies();
      latencies.setRelease(slot, known);
    }
    return known;
  }

  /** How many requests of a kind there were; for any thread. */
  long count(int slot) {
    return counts.getOpaque(slot);
  }

  /** How long those took that were timed, null for none; for any thread. */
  @Nullable Latencies latencies(int slot) {
    return latencies.getAcquire(slot);
  }

  /** Adds what another lane has. */
  void addAll(Lane other) {
    for (int i = 0; i < OPERATIONS; i++) {
      counts.setOpaque(i, counts.getPlain(i) + other.count(i));
      Latencies times = other.latencies(i);
      if (times != null) {
        times(i).addAll(times);
      }
    }
  }

  /** Notes that the thread serves no more; what it counted stays. */
  @Override
  public void close() {
    CURRENT.remove();
    requests.left(this);
  }
}
