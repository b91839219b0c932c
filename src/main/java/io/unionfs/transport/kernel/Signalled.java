package io.unionfs.transport.kernel;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntPredicate;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * The kernel's FUSE client says INTERRUPT for every signal that a waiting program gets, also for one that it
 * handles (a timer, SIGCHLD), and says nothing of those that follow (request_wait_answer() of fs/fuse/dev.c).
 * What is served are calls on files, which on a plain file system no handled signal ends. So whoever got one
 * is looked at now and then, until its request is answered.
 */
/** The requests whose callers got a signal: their work ends where the signal ends the caller. */
final class Signalled implements Interrupts {
  private static final Logger LOG = LoggerFactory.getLogger(Signalled.class);
  private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** A request that is served for somebody who got a signal. */
  private record Call(Worker worker, long unique, int caller) {}

  private final LongFunction<@Nullable Worker> serving;
  private final IntPredicate isEnding;
  private final String name;

  /* A leaf. */
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final List<Call> calls = new ArrayList<>();

  @GuardedBy("lock")
  private boolean watching;

  /**
   * @param serving tells who serves a request, null if nobody does
   * @param isEnding tells whether a signal is about to end a thread
   * @param name what the names of threads begin with
   */
  Signalled(LongFunction<@Nullable Worker> serving, IntPredicate isEnding, String name) {
    this.serving = serving;
    this.isEnding = isEnding;
    this.name = name;
  }

  @Override
  public boolean interrupt(long unique) {
    Worker worker = serving.apply(unique);
    if (worker == null) {
      return false;
    }
    int caller = worker.callerOf(unique);
    if (caller > 0) { // else it is answered, or the kernel cannot tell who it is: then it goes on
      Call call = new Call(worker, unique, caller);
      if (!endIfFatal(call)) {
        watch(call);
      }
    }
    return true;
  }

  /** Whether nothing is left to do: the caller ends, or it has its answer. */
  private boolean endIfFatal(Call call) {
    if (call.worker.callerOf(call.unique) == Worker.NOBODY) {
      return true;
    }
    if (!isEnding.test(call.caller)) {
      return false;
    }
    call.worker.interrupt(call.unique);
    return true;
  }

  private void watch(Call call) {
    lock.lock();
    try {
      calls.add(call);
      if (!watching) {
        Thread thread = new Thread(this::run, name + " signals");
        thread.setDaemon(true);
        thread.start();
        watching = true;
      }
    } catch (OutOfMemoryError e) { // no more threads
      calls.remove(call);
      LOG.warn("cannot watch a program that got a signal, so its call ends", e);
      call.worker.interrupt(call.unique);
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    List<Call> left = left(List.of());
    while (!left.isEmpty()) {
      LockSupport.parkNanos(LOOK_AGAIN_NANOS);
      try {
        left = left(left.stream().filter(this::endIfFatal).toList());
      } catch (Throwable e) { // whatever it is, those who are watched stay so
        LOG.warn("programs that got a signal could not be looked at", e);
      }
    }
  }

  /* Those that are to be looked at again; where there are none, this thread ends. */
  private List<Call> left(List<Call> over) {
    lock.lock();
    try {
      calls.removeAll(over);
      watching = !calls.isEmpty();
      return List.copyOf(calls);
    } finally {
      lock.unlock();
    }
  }
}
