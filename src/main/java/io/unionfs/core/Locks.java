package io.unionfs.core;

import java.util.Arrays;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The locks of a mount, outermost first. Take them only in this order.
 *
 * <ol>
 *   <li>rename: the tree's shape; held by a rename that moves a directory
 *   <li>copy-up: one node's move to the upper, a single flight per node in {@link CopyUp}; parents
 *       before children; never waited for with a directory lock held
 *   <li>directory: a directory's entries. Whoever changes them holds the write lock; whoever looks
 *       into the layers for one, or acts on one by its name, the read lock. Several of them only by
 *       one call of {@link #write} or {@link #tryWrite}, which sorts them; none is added while one
 *       is held, but one that the thread holds already
 *   <li>link count: of a file with an entry in the index, its upper inode's links and the
 *       difference to its names, which are read and changed together
 *   <li>leaf: the path lock of a layer, the changes of owners in xattrs, descriptor tables, caches;
 *       no other lock while held
 * </ol>
 *
 * <p>Directories share a fixed number of locks by their node id, so that a lock costs no memory per
 * node. The sorting is by that number.
 */
final class Locks {
  private static final int STRIPES = 512;
  private static final int LINK_STRIPES = 64;

  /* How many directories are known to be looked into by those who share one lock. */
  private static final int SLOTS = 4;

  private final ReentrantLock rename = new ReentrantLock();
  private final ReentrantReadWriteLock[] stripes = new ReentrantReadWriteLock[STRIPES];
  private final AtomicReferenceArray<@Nullable DirNode> readers =
      new AtomicReferenceArray<>(STRIPES * SLOTS);
  private final ReentrantReadWriteLock[] links = new ReentrantReadWriteLock[LINK_STRIPES];

  Locks() {
    Arrays.setAll(links, i -> new ReentrantReadWriteLock());
    Arrays.setAll(stripes, i -> new ReentrantReadWriteLock());
  }

  /** A lock that is held until closed. */
  interface Locked extends AutoCloseable {
    @Override
    void close();
  }

  private static int stripe(DirNode dir) {
    long id = dir.id();
    return (int) ((id ^ (id >>> 9)) & (STRIPES - 1));
  }

  /** Takes the read lock of a directory's entries. */
  void lockRead(DirNode dir) {
    int stripe = stripe(dir);
    stripes[stripe].readLock().lock();
    note(stripe, null, dir);
  }

  /** Gives it back. */
  void unlockRead(DirNode dir) {
    int stripe = stripe(dir);
    note(stripe, dir, null);
    stripes[stripe].readLock().unlock();
  }

  /* So that whoever waits in vain can tell for whom; where there is no room, he cannot. */
  private void note(int stripe, @Nullable DirNode from, @Nullable DirNode to) {
    for (int slot = stripe * SLOTS; slot < (stripe + 1) * SLOTS; slot++) {
      if (readers.getPlain(slot) == from && readers.compareAndSet(slot, from, to)) {
        return;
      }
    }
  }

  Locked write(DirNode dir) {
    return locked(stripes[stripe(dir)].writeLock());
  }

  private static Locked locked(Lock lock) {
    lock.lock();
    return lock::unlock;
  }

  /** The write locks of several directories at once. */
  Locked write(DirNode... dirs) {
    int[] order = Arrays.stream(dirs).mapToInt(Locks::stripe).sorted().distinct().toArray();
    for (int stripe : order) {
      stripes[stripe].writeLock().lock();
    }
    return () -> unlockWrite(order, order.length);
  }

  /** Locks, or why there are none. */
  static final class Attempt implements Locked {
    private final @Nullable Locked locked;
    private final @Nullable DirNode blocker;

    private Attempt(@Nullable Locked locked, @Nullable DirNode blocker) {
      this.locked = locked;
      this.blocker = blocker;
    }

    boolean failed() {
      return locked == null;
    }

    /** A directory that somebody looks into, if that is known. */
    @Nullable DirNode blocker() {
      return blocker;
    }

    @Override
    public void close() {
      Locked taken = locked;
      if (taken != null) {
        taken.close();
      }
    }
  }

  /**
   * The write locks of some directories, unless whoever looks into one of those that share them
   * goes on for longer, or the thread is interrupted; then none is held.
   */
  Attempt tryWrite(Collection<DirNode> dirs, long nanos) {
    return tryWrite(dirs.stream().mapToInt(Locks::stripe).sorted().distinct().toArray(), nanos);
  }

  /**
   * Waits, as long, until whoever looks into any directory now is done with it; none is held then.
   */
  Attempt awaitReaders(long nanos) {
    long end = System.nanoTime() + nanos;
    for (int stripe = 0; stripe < STRIPES; stripe++) {
      try (Attempt attempt = tryWrite(new int[] {stripe}, end - System.nanoTime())) {
        if (attempt.failed()) {
          return attempt;
        }
      }
    }
    return new Attempt(() -> {}, null);
  }

  /** The same of all. */
  Attempt tryWriteAll(long nanos) {
    return tryWrite(IntStream.range(0, STRIPES).toArray(), nanos);
  }

  private Attempt tryWrite(int[] order, long nanos) {
    long end = System.nanoTime() + nanos;
    int taken = 0;
    boolean interrupted = false;
    try {
      while (taken < order.length && tryWrite(order[taken], end)) {
        taken++;
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    int number = taken;
    Locked locked = () -> unlockWrite(order, number);
    if (number == order.length) {
      return new Attempt(locked, null);
    }
    DirNode blocker = interrupted ? null : readerOf(order[number]);
    locked.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return new Attempt(null, blocker);
  }

  private boolean tryWrite(int stripe, long end) throws InterruptedException {
    return stripes[stripe]
        .writeLock()
        .tryLock(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
  }

  private void unlockWrite(int[] order, int number) {
    for (int i = number - 1; i >= 0; i--) {
      stripes[order[i]].writeLock().unlock();
    }
  }

  private @Nullable DirNode readerOf(int stripe) {
    for (int slot = stripe * SLOTS; slot < (stripe + 1) * SLOTS; slot++) {
      DirNode reader = readers.get(slot);
      if (reader != null) {
        return reader;
      }
    }
    return null;
  }

  /** The lock of a file's link count; one at a time. */
  ReentrantReadWriteLock linkCount(FileNode file) {
    return links[(int) (file.id() & (LINK_STRIPES - 1))];
  }

  Locked rename() {
    rename.lock();
    return rename::unlock;
  }
}
