package io.unionfs.transport.jnrfuse;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.unionfs.core.Listing;
import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The open files and directories of a mount, by the number that the kernel hands back as {@code
 * fh}. Each keeps its node usable, also after the node has lost its last name.
 */
final class Handles {
  /** An open file description of the kernel. */
  static final class Handle {
    private final Node node;

    /**
     * The directory's entries as this handle sees them. libfuse serves the requests for one
     * directory handle one after the other, under a lock of its own.
     */
    private @Nullable Listing listing;

    private Handle(Node node) {
      this.node = node;
    }

    Node node() {
      return node;
    }

    @Nullable Listing listing() {
      return listing;
    }

    void listing(Listing snapshot) {
      listing = snapshot;
    }
  }

  private final UnionFileSystem fs;
  private final ReentrantLock lock = new ReentrantLock();

  /** By id - 1. Read without the lock; volatile: publishes a grown copy. */
  private volatile AtomicReferenceArray<@Nullable Handle> slots = new AtomicReferenceArray<>(64);

  /** The ids that are free below {@link #used}, as a stack. */
  @GuardedBy("lock")
  private int[] free = new int[64];

  @GuardedBy("lock")
  private int freeCount;

  @GuardedBy("lock")
  private int used;

  Handles(UnionFileSystem fs) {
    this.fs = fs;
  }

  /** Makes a handle and retains its node. */
  long open(Node node) {
    fs.retain(node);
    lock.lock();
    try {
      int index = freeCount > 0 ? free[--freeCount] : used++;
      if (index >= slots.length()) {
        growLocked();
      }
      slots.set(index, new Handle(node));
      return index + 1L;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The handle of that number.
   *
   * @throws ErrnoException {@code EBADF} if there is none
   */
  Handle get(long id) throws ErrnoException {
    AtomicReferenceArray<@Nullable Handle> current = slots;
    Handle handle = id > 0 && id <= current.length() ? current.get((int) id - 1) : null;
    if (handle == null) {
      throw ErrnoException.of(Errno.EBADF);
    }
    return handle;
  }

  /** Forgets a handle and releases its node; nothing happens if there is none. */
  void close(long id) {
    Handle handle;
    lock.lock();
    try {
      if (id <= 0 || id > slots.length()) {
        return;
      }
      handle = slots.getAndSet((int) id - 1, null);
      if (handle == null) {
        return;
      }
      if (freeCount == free.length) {
        free = java.util.Arrays.copyOf(free, freeCount * 2);
      }
      free[freeCount++] = (int) id - 1;
    } finally {
      lock.unlock();
    }
    fs.release(handle.node, 1);
  }

  /** Closes what is still open, at the end of a session. */
  void closeAll() {
    for (int id = 1; id <= slots.length(); id++) {
      close(id);
    }
  }

  /** How many handles of a node are open. Looks at all of them: for rare cases only. */
  int count(Node node) {
    AtomicReferenceArray<@Nullable Handle> current = slots;
    int count = 0;
    for (int i = 0; i < current.length(); i++) {
      Handle handle = current.get(i);
      if (handle != null && handle.node == node) {
        count++;
      }
    }
    return count;
  }

  @GuardedBy("lock")
  private void growLocked() {
    AtomicReferenceArray<@Nullable Handle> old = slots;
    AtomicReferenceArray<@Nullable Handle> grown = new AtomicReferenceArray<>(old.length() * 2);
    for (int i = 0; i < old.length(); i++) {
      grown.set(i, old.get(i));
    }
    slots = grown;
  }
}
