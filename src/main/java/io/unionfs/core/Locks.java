package io.unionfs.core;

import java.util.Arrays;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The locks of a mount, outermost first. Take them only in this order.
 *
 * <ol>
 *   <li>rename: the tree's shape; held by a rename that moves a directory
 *   <li>copy-up: one node's move to the upper, a single flight per node in {@link CopyUp}; parents
 *       before children; never waited for with a directory lock held
 *   <li>directory: a directory's entries. Whoever changes them holds the write lock; whoever looks
 *       into the layers for one, or acts on one by its name, the read lock. Several of them only by
 *       one call of {@link #write}, which sorts them; none is added while one is held
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

  /** The read lock of a directory's entries, not yet taken. */
  Lock read(DirNode dir) {
    return stripes[stripe(dir)].readLock();
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
    return () -> {
      for (int i = order.length - 1; i >= 0; i--) {
        stripes[order[i]].writeLock().unlock();
      }
    };
  }

  /** Waits until whoever looks into a directory now is done with it; no lock is held. */
  void awaitReaders() {
    for (ReentrantReadWriteLock stripe : stripes) {
      locked(stripe.writeLock()).close();
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
