package io.unionfs.transport.kernel;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.unionfs.statistics.Requests;
import io.unionfs.sys.Errno;
import io.unionfs.sys.FuseDevice;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * The thread that reads a request answers it. Whoever takes the last free place at the device starts
 * another thread first, so a slow request - a copy-up, a slow disk, an fsync(2) - never keeps the
 * others waiting, up to the limit; it needs no foreknowledge of which requests will be slow. A thread
 * that comes back to a full device ends.
 */
/** The threads that serve one connection. */
final class Readers {
  private static final Logger LOG = LoggerFactory.getLogger(Readers.class);

  private static final int FIRST = 2;

  /** Threads that may wait at the device; more only cost memory. */
  private static final int MOST_WAITING = 6;

  private static final int DEFAULT_LIMIT = 64;

  /* What the JVM's compiled code and jffi need at most is far below this. */
  private static final long STACK_BYTES = 512 << 10;

  private final FuseDevice device;
  private final Negotiation agreed;
  private final Requests requests;
  private final int limit;
  private final String name;

  /** Threads at the device, or on their way there. */
  private final AtomicInteger waiting = new AtomicInteger();

  private final Set<Worker> workers = ConcurrentHashMap.newKeySet();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final ReentrantLock lock = new ReentrantLock();

  /* Set before the first thread starts, and never again. */
  private @Nullable Dispatch dispatch;

  @GuardedBy("lock")
  private int running;

  @GuardedBy("lock")
  private int started;

  /**
   * @param limit the most threads; 0 for a number that is right for most
   */
  Readers(FuseDevice device, Negotiation agreed, Requests requests, int limit, String name) {
    this.device = device;
    this.agreed = agreed;
    this.requests = requests;
    this.limit = limit > 0 ? limit : DEFAULT_LIMIT;
    this.name = name;
  }

  /** Says who answers what is read; once, before {@link #start}. */
  void serveBy(Dispatch answers) {
    dispatch = answers;
  }

  /** Starts the first threads. */
  void start() {
    for (int i = 0; i < Math.min(FIRST, limit); i++) {
      addThread();
    }
  }

  /** The most threads that serve. */
  int limit() {
    return limit;
  }

  /** Open as soon as the last thread has left: the connection has ended, and all is answered. */
  CountDownLatch ended() {
    return ended;
  }

  /** Who serves a request; null if nobody does. */
  @Nullable Worker serving(long unique) {
    for (Worker worker : workers) {
      if (worker.callerOf(unique) != Worker.NOBODY) {
        return worker;
      }
    }
    return null;
  }

  private void addThread() {
    lock.lock();
    try {
      if (running >= limit) {
        return;
      }
      Thread thread = new Thread(null, this::live, name + "-" + ++started, STACK_BYTES);
      thread.setDaemon(true);
      waiting.incrementAndGet();
      running++;
      try {
        thread.start();
      } catch (OutOfMemoryError e) { // no more threads; those that run serve on
        LOG.warn("cannot start another thread, {} serve on", running - 1, e);
        waiting.decrementAndGet();
        running--;
      }
    } finally {
      lock.unlock();
    }
  }

  private void live() {
    try (Worker worker = new Worker(agreed, requests)) {
      workers.add(worker);
      try {
        serve(worker);
      } finally {
        workers.remove(worker);
      }
    } catch (OutOfMemoryError e) { // not even for its buffer
      LOG.warn("a thread is given up, the others serve on", e);
      waiting.decrementAndGet();
    } finally {
      left();
    }
  }

  private void serve(Worker worker) {
    Dispatch answers = dispatch;
    if (answers == null) {
      throw new IllegalStateException("nobody answers");
    }
    while (true) {
      int length = device.read(worker.address(), worker.size());
      if (length <= 0) {
        if (isEnd(length)) {
          waiting.decrementAndGet();
          return;
        }
        continue;
      }
      worker.request.wrap(worker.address(), length);
      if (Dispatch.isQuick(worker.request)) {
        answers.serve(worker); // no reason for another thread
        continue;
      }
      if (waiting.decrementAndGet() == 0) {
        addThread();
      }
      answers.serve(worker);
      if (waiting.incrementAndGet() > MOST_WAITING) {
        waiting.decrementAndGet();
        return;
      }
    }
  }

  private static boolean isEnd(int result) {
    return switch (-result) {
      case 0 -> true; // what is no device has come to its end
      case Errno.ENODEV -> true; // unmounted
      case Errno.ECONNABORTED -> true; // aborted through /sys/fs/fuse/connections
      case Errno.ENOENT, Errno.EINTR, Errno.EAGAIN -> false; // a request was interrupted; we were
      default -> {
        LOG.error("reading requests failed: {}", Errno.message(-result));
        yield true;
      }
    };
  }

  private void left() {
    lock.lock();
    try {
      running--;
      if (running == 0) {
        ended.countDown();
      }
    } finally {
      lock.unlock();
    }
  }
}
