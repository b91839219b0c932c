package io.unionfs.statistics;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;

/** The requests of one mount: how many of each kind, and how long they took. */
public final class Requests {
  /** How long somebody is taken to look after he did, in nanoseconds. */
  public static final long WATCHED_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final IntFunction<String> names;

  /* Taken when a thread begins or ends to serve, and when somebody looks; never for a request. */
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final Set<Lane> lanes = new HashSet<>();

  /** What threads counted that serve no more. */
  @GuardedBy("lock")
  private final Lane past = new Lane(this);

  /* Published for lookAtClock(), which is called only with watched seen. */
  private volatile long watchedUntil;

  /* Every request reads it; written when somebody looks, and when he has stopped. */
  private volatile boolean watched;

  /**
   * @param names of operations by their numbers
   */
  public Requests(IntFunction<String> names) {
    this.names = names;
  }

  /** A lane for the calling thread, which closes it when it serves no more. */
  public Lane enter() {
    Lane lane = new Lane(this);
    lane.enter();
    lock.lock();
    try {
      lanes.add(lane);
    } finally {
      lock.unlock();
    }
    return lane;
  }

  void left(Lane lane) {
    lock.lock();
    try {
      if (lanes.remove(lane)) {
        past.addAll(lane);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether every request is to be timed. */
  boolean watched() {
    return watched;
  }

  /** Ends the timing of every request when nobody has looked for a while. */
  void lookAtClock(long now) {
    if (watched && now - watchedUntil > 0) {
      watched = false;
    }
  }

  /** Times every request for {@link #WATCHED_NANOS}: somebody looks. */
  public void watch() {
    watchedUntil = System.nanoTime() + WATCHED_NANOS;
    watched = true;
  }

  /** What was counted since the mount, operations without a request left out. */
  public List<OperationFigures> figures() {
    List<OperationFigures> figures = new ArrayList<>();
    lock.lock();
    try {
      Lane all = new Lane(this);
      all.addAll(past);
      for (Lane lane : lanes) {
        all.addAll(lane);
      }
      for (int i = 0; i < Lane.OPERATIONS; i++) {
        long count = all.count(i);
        if (count > 0) {
          Latencies times = all.latencies(i);
          figures.add(
              new OperationFigures(
                  names.apply(i), count, times == null ? LatencyFigures.NONE : times.figures()));
        }
      }
    } finally {
      lock.unlock();
    }
    return List.copyOf(figures);
  }
}
