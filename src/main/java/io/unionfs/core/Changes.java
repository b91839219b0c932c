package io.unionfs.core;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.StampedLock;

/*
 * Outside of all locks: every operation that changes something passes here first, and holds nothing while
 * it waits. No operation passes twice, for a second time it would wait for whoever waits for its first.
 */
/** Where changes wait while somebody looks at the layers as they are. */
final class Changes implements AutoCloseable {
  private static final long NOT_HELD = 0;

  private final StampedLock lock = new StampedLock();

  /* Published by the lock: only who holds changes back writes it. */
  private volatile long held = NOT_HELD;

  /**
   * Begins a change, which {@link #close} ends; waits while changes are held back.
   *
   * @throws ErrnoException {@code EINTR} if the waiting thread is interrupted
   */
  Changes begin() throws ErrnoException {
    if (lock.tryReadLock() == 0) {
      await();
    }
    return this;
  }

  private void await() throws ErrnoException {
    try {
      lock.readLockInterruptibly();
    } catch (InterruptedException e) {
      throw ErrnoException.of(Errno.EINTR);
    }
  }

  @Override
  public void close() {
    lock.tryUnlockRead();
  }

  /**
   * Holds changes back once those that run have ended; one holder at a time.
   *
   * @return false if they do not end in so many milliseconds, or the thread is interrupted
   */
  boolean tryHold(int millis) {
    try {
      long stamp = lock.tryWriteLock(millis, TimeUnit.MILLISECONDS);
      if (stamp != NOT_HELD) {
        held = stamp;
      }
      return stamp != NOT_HELD;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Lets changes pass again. */
  void release() {
    long stamp = held;
    held = NOT_HELD;
    lock.unlockWrite(stamp);
  }
}
