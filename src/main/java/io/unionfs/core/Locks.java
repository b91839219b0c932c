package io.unionfs.core;

import java.util.Arrays;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
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

  private final ReentrantLock rename = new ReentrantLock();
  private final ReentrantReadWriteLock[] stripes = new ReentrantReadWriteLock[STRIPES];
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
    stripes[stripe(dir)].readLock().lock();
  }

  /** Gives it back. */
  void unlockRead(DirNode dir) {
    stripes[stripe(dir)].readLock().unlock();
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

  /**
   * The write locks of some directories; null, and none is held, if whoever looks into one of those
   * that share them goes on for longer, or the thread is interrupted.
   */
  @Nullable Locked tryWrite(Collection<DirNode> dirs, long nanos) {
    return tryWrite(dirs.stream().mapToInt(Locks::stripe).sorted().distinct().toArray(), nanos);
  }

  /** The same of all. */
  @Nullable Locked tryWriteAll(long nanos) {
    return tryWrite(IntStream.range(0, STRIPES).toArray(), nanos);
  }

  /**
   * Waits, as long, until whoever looks into any directory now is done with it; none is held then.
   *
   * @return whether they are
   */
  boolean awaitReaders(long nanos) {
    long end = System.nanoTime() + nanos;
    for (int stripe = 0; stripe < STRIPES; stripe++) {
      try (Locked locked = tryWrite(new int[] {stripe}, end - System.nanoTime())) {
        if (locked == null) {
          return false;
        }
      }
    }
    return true;
  }

  private @Nullable Locked tryWrite(int[] order, long nanos) {
    long end = System.nanoTime() + nanos;
    int taken = 0;
    try {
      while (taken < order.length && tryWrite(order[taken], end)) {
        taken++;
      }
    } catch (InterruptedException e) {
      unlockWrite(order, taken);
      Thread.currentThread().interrupt();
      return null;
    }
    if (taken < order.length) {
      unlockWrite(order, taken);
      return null;
    }
    return () -> unlockWrite(order, order.length);
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

  /** The lock of a file's link count; one at a time. */
  ReentrantReadWriteLock linkCount(FileNode file) {
    return links[(int) (file.id() & (LINK_STRIPES - 1))];
  }

  Locked rename() {
    rename.lock();
    return rename::unlock;
  }
}
