package io.unionfs.transport.jnrfuse;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.unionfs.statistics.Lane;
import io.unionfs.statistics.Requests;
import io.unionfs.sys.Errno;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * libfuse's own loop starts its threads with pthread_create() and ends them with pthread_cancel().
 * Ours are Java threads: attached to the JVM once instead of at each callback, with names, and
 * ending by themselves when the kernel says that the mount is gone. As in libfuse, whoever takes
 * the last free place at the device starts another thread first, so that a slow request never
 * keeps the others waiting, up to the limit.
 */

/** The threads that serve one mount. */
final class RequestLoop {
  private static final Logger LOG = LoggerFactory.getLogger(RequestLoop.class);

  /** Threads that may wait at the device; more only cost cache misses. */
  private static final int MOST_WAITING = 4;

  private static final int DEFAULT_LIMIT = 16;

  private final LibFuse2 library;
  private final long session;
  private final long channelAddress;
  private final Channel channel;
  private final int limit;
  private final String name;
  private final HiddenFiles hidden;
  private final Requests requests;

  /** Threads at the device, or on their way there. */
  private final AtomicInteger waiting = new AtomicInteger();

  private final CountDownLatch ended = new CountDownLatch(1);

  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final Set<RequestThread> threads = new HashSet<>();

  @GuardedBy("lock")
  private int started;

  RequestLoop(
      LibFuse2 library,
      long session,
      long channelAddress,
      Channel channel,
      int limit,
      String name,
      HiddenFiles hidden,
      Requests requests) {
    this.library = library;
    this.session = session;
    this.channelAddress = channelAddress;
    this.channel = channel;
    this.limit = limit > 0 ? limit : DEFAULT_LIMIT;
    this.name = name;
    this.hidden = hidden;
    this.requests = requests;
  }

  /** Starts the first thread. */
  void start() {
    addThread();
  }

  /** Open as soon as the last thread has left. */
  CountDownLatch ended() {
    return ended;
  }

  /** A thread's whole life: serve requests until the mount is gone or it is not needed. */
  void serve(RequestThread self, Lane lane) {
    int size;
    do {
      size = channel.receive(self.request());
      if (size <= 0) {
        if (size < 0) {
          LOG.error("reading requests failed: {}", Errno.message(-size));
        }
        waiting.decrementAndGet();
        return;
      }
    } while (process(self, lane, size));
  }

  /** Serves one request; false if the thread is to leave. */
  private boolean process(RequestThread self, Lane lane, int size) {
    int opcode = self.opcode();
    long begun = lane.begin(opcode, self.pid());
    if (opcode == RequestThread.FORGET || opcode == RequestThread.BATCH_FORGET) {
      // Never slow, and they come in bursts: no reason for another thread.
      library.process(session, self.request(), size, channelAddress);
      lane.end(opcode, begun);
      return true;
    }
    if (waiting.decrementAndGet() == 0) {
      addThread();
    }
    if (opcode == RequestThread.GETATTR) {
      hidden.redirectGetattr(self.request());
    }
    library.process(session, self.request(), size, channelAddress);
    lane.end(opcode, begun);
    if (waiting.incrementAndGet() > MOST_WAITING) {
      waiting.decrementAndGet();
      return false;
    }
    return true;
  }

  /** Starts a thread unless there are enough. */
  private void addThread() {
    lock.lock();
    try {
      if (threads.size() >= limit) {
        return;
      }
      RequestThread thread = new RequestThread(this, requests, name + "-" + ++started);
      waiting.incrementAndGet();
      threads.add(thread);
      try {
        thread.start();
      } catch (OutOfMemoryError e) { // no more threads; those that run serve on
        LOG.warn("cannot start another thread, {} serve on", threads.size() - 1, e);
        waiting.decrementAndGet();
        threads.remove(thread);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes a thread that ends out of the books. */
  void left(RequestThread thread) {
    lock.lock();
    try {
      threads.remove(thread);
      if (threads.isEmpty()) {
        ended.countDown();
      }
    } finally {
      lock.unlock();
    }
  }
}
