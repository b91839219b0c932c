package io.unionfs.transport.kernel;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.unionfs.core.DirNode;
import io.unionfs.core.FileNode;
import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/*
 * A node's id is its inode number, so that a file handle (NFS, open_by_handle_at) leads to the file
 * again after the kernel has forgotten it. Only where two live nodes show one number - a layer was
 * changed behind the mount, or a change was discarded of a file that is still open - the second gets an
 * id of a range that inode numbers do not reach, and keeps it: the kernel has one inode for an id. Such an
 * id is of the same part of the table as the number, so that one lock decides which of both it is.
 *
 * Open addressing over three arrays in 16 parts: some 24 bytes a node, no boxes, and no allocation
 * for a lookup of what is there already.
 */
/** The nodes that the kernel knows, and how many lookups it will take back. */
final class NodeTable {
  static final long ROOT_ID = 1;

  private static final int PART_BITS = 4;
  private static final int PARTS = 1 << PART_BITS;
  private static final long EXTRA_IDS = 1L << 62;

  private final UnionFileSystem fs;
  private final KeptTimes keptTimes;
  private final Part[] parts = new Part[PARTS];
  private final AtomicLong nextExtra = new AtomicLong(EXTRA_IDS);
  private final AtomicInteger hand = new AtomicInteger();

  /* What one part may have before somebody is told. */
  private volatile int mostInPart = Integer.MAX_VALUE;
  private volatile Runnable whenFull = () -> {};

  NodeTable(UnionFileSystem fs, KeptTimes keptTimes) {
    this.fs = fs;
    this.keptTimes = keptTimes;
    for (int i = 0; i < PARTS; i++) {
      parts[i] = new Part();
    }
  }

  /* Inode numbers come in runs, which this puts evenly into the high bits, not into those below. */
  private static int mix(long id) {
    long hash = id * 0x9E3779B97F4A7C15L;
    return (int) (hash >>> 32);
  }

  private Part part(long id) {
    return parts[mix(id) >>> (Integer.SIZE - PART_BITS)];
  }

  /** Counts one lookup of a node by the kernel; its id. */
  long add(Node node) {
    if (node == fs.root()) {
      return ROOT_ID;
    }
    return part(node.ino()).add(node);
  }

  /** The id by which the kernel knows a node, or 0 where it does not. */
  long idOf(Node node) {
    if (node == fs.root()) {
      return ROOT_ID;
    }
    return part(node.ino()).idOf(node);
  }

  /**
   * The node of an id.
   *
   * @throws ErrnoException {@code ESTALE} if the kernel does not know it
   */
  Node get(long id) throws ErrnoException {
    Node node = find(id);
    if (node == null) {
      throw ErrnoException.of(Errno.ESTALE);
    }
    return node;
  }

  @Nullable Node find(long id) {
    return id == ROOT_ID ? fs.root() : part(id).find(id);
  }

  /**
   * The directory of an id.
   *
   * @throws ErrnoException {@code ESTALE}; {@code ENOTDIR} if it is none
   */
  DirNode directory(long id) throws ErrnoException {
    if (get(id) instanceof DirNode dir) {
      return dir;
    }
    throw ErrnoException.of(Errno.ENOTDIR);
  }

  /** Takes back lookups; more than were counted take back all. */
  void forget(long id, long lookups) {
    if (id != ROOT_ID && lookups > 0) {
      part(id).forget(id, lookups);
    }
  }

  /** The number of nodes that the kernel knows, the root not counted. */
  int size() {
    int size = 0;
    for (Part part : parts) {
      size += part.size();
    }
    return size;
  }

  /**
   * Has somebody told of each node that is added to a table with about so many or more.
   *
   * @param whenFull called with a lock held: waits for nothing and does not look into the table
   */
  void watch(int most, Runnable whenFull) {
    this.whenFull = whenFull;
    this.mostInPart = most / PARTS;
  }

  /**
   * Some ids of nodes that the kernel knows, others the next time, until all had their turn.
   *
   * @return how many; perhaps none, although there are some
   */
  int nextIds(long[] ids) {
    Part part = parts[hand.get()];
    int number = part.nextIds(ids);
    if (number < ids.length) {
      hand.set((hand.get() + 1) % PARTS);
    }
    return number;
  }

  /** Takes back everything: the connection has ended, and the kernel sends no FORGET any more. */
  void clear() {
    for (Part part : parts) {
      part.clear();
    }
  }

  /** One part of the table under a lock of its own, a leaf: nothing else is locked under it. */
  private final class Part {
    private static final int FEWEST_SLOTS = 16;

    private final ReentrantLock lock = new ReentrantLock();

    /* 0 is a free slot; there are no tombstones: a removal moves up what comes after it. */
    @GuardedBy("lock")
    private long[] ids = new long[FEWEST_SLOTS];

    @GuardedBy("lock")
    private long[] lookups = new long[FEWEST_SLOTS];

    @GuardedBy("lock")
    private @Nullable Node[] nodes = new Node[FEWEST_SLOTS];

    @GuardedBy("lock")
    private int used;

    /* Where the next ids are taken from. */
    @GuardedBy("lock")
    private int nextSlot;

    /* Those of the second range. */
    @GuardedBy("lock")
    private final Map<Node, Long> extraIds = new HashMap<>();

    /** Counts a lookup; the id. */
    long add(Node node) {
      lock.lock();
      try {
        long id = idFor(node);
        int slot = slot(id);
        if (ids[slot] == id) {
          lookups[slot]++;
          return id;
        }
        fs.retain(node);
        ids[slot] = id;
        nodes[slot] = node;
        lookups[slot] = 1;
        used++;
        if (used * 3 > ids.length * 2) {
          resize(ids.length * 2);
        }
        if (used > mostInPart) {
          whenFull.run();
        }
        return id;
      } finally {
        lock.unlock();
      }
    }

    /* The id that the node has or now gets. */
    @GuardedBy("lock")
    private long idFor(Node node) {
      Long extra = extraIds.isEmpty() ? null : extraIds.get(node);
      if (extra != null) {
        return extra;
      }
      long ino = node.ino();
      Node there = nodes[slot(ino)];
      if (ino != ROOT_ID && ino != 0 && (there == null || there == node)) {
        return ino;
      }
      long id = nextExtra.getAndIncrement();
      while (part(id) != this) {
        id = nextExtra.getAndIncrement();
      }
      extraIds.put(node, id);
      return id;
    }

    int nextIds(long[] out) {
      lock.lock();
      try {
        int number = 0;
        while (nextSlot < ids.length && number < out.length) {
          if (ids[nextSlot] != 0) {
            out[number] = ids[nextSlot];
            number++;
          }
          nextSlot++;
        }
        if (number < out.length) {
          nextSlot = 0;
        }
        return number;
      } finally {
        lock.unlock();
      }
    }

    long idOf(Node node) {
      lock.lock();
      try {
        Long extra = extraIds.isEmpty() ? null : extraIds.get(node);
        long id = extra != null ? extra : node.ino();
        return nodes[slot(id)] == node ? id : 0;
      } finally {
        lock.unlock();
      }
    }

    @Nullable Node find(long id) {
      lock.lock();
      try {
        return nodes[slot(id)];
      } finally {
        lock.unlock();
      }
    }

    void forget(long id, long number) {
      Node gone;
      lock.lock();
      try {
        int slot = slot(id);
        gone = nodes[slot];
        if (gone == null) {
          return;
        }
        lookups[slot] -= number;
        if (lookups[slot] > 0) {
          return;
        }
        if (id >= EXTRA_IDS) {
          extraIds.remove(gone);
        }
        remove(slot);
      } finally {
        lock.unlock();
      }
      if (gone instanceof FileNode file) {
        keptTimes.drop(file);
      }
      fs.release(gone, 1);
    }

    @GuardedBy("lock")
    private void remove(int slot) {
      int mask = ids.length - 1;
      int hole = slot;
      int next = (hole + 1) & mask;
      while (ids[next] != 0) {
        int home = home(ids[next], mask);
        if (((next - home) & mask) >= ((next - hole) & mask)) {
          ids[hole] = ids[next];
          nodes[hole] = nodes[next];
          lookups[hole] = lookups[next];
          hole = next;
        }
        next = (next + 1) & mask;
      }
      ids[hole] = 0;
      nodes[hole] = null;
      used--;
      if (ids.length > FEWEST_SLOTS && used * 6 < ids.length) {
        resize(ids.length / 2);
      }
    }

    /* The slot of an id, or the free one where it belongs. */
    @GuardedBy("lock")
    private int slot(long id) {
      int mask = ids.length - 1;
      int slot = home(id, mask);
      while (ids[slot] != 0 && ids[slot] != id) {
        slot = (slot + 1) & mask;
      }
      return slot;
    }

    private int home(long id, int mask) {
      return (mix(id) << PART_BITS) >>> Integer.numberOfLeadingZeros(mask);
    }

    @GuardedBy("lock")
    private void resize(int slots) {
      long[] oldIds = ids;
      long[] oldLookups = lookups;
      @Nullable Node[] oldNodes = nodes;
      ids = new long[slots];
      lookups = new long[slots];
      nodes = new Node[slots];
      for (int i = 0; i < oldIds.length; i++) {
        if (oldIds[i] != 0) {
          int slot = slot(oldIds[i]);
          ids[slot] = oldIds[i];
          lookups[slot] = oldLookups[i];
          nodes[slot] = oldNodes[i];
        }
      }
    }

    int size() {
      lock.lock();
      try {
        return used;
      } finally {
        lock.unlock();
      }
    }

    void clear() {
      @Nullable Node[] all;
      lock.lock();
      try {
        all = nodes;
        ids = new long[FEWEST_SLOTS];
        lookups = new long[FEWEST_SLOTS];
        nodes = new Node[FEWEST_SLOTS];
        used = 0;
        extraIds.clear();
      } finally {
        lock.unlock();
      }
      for (Node node : all) {
        if (node != null) {
          fs.release(node, 1);
        }
      }
    }
  }
}
