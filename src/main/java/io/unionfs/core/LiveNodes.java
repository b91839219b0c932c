package io.unionfs.core;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.unionfs.core.Identities.HostInode;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/*
 * There is one for every file that the kernel knows, so the weak reference is the entry of the table
 * and has the key in it: 48 bytes a node, where a cache with weak values takes 104. In 16 parts with a
 * lock each; entries whose nodes are gone are taken out when new ones come.
 */
/**
 * The nodes that are alive, by the host inodes that hold their content; keeps none of them alive.
 */
final class LiveNodes {
  private static final int PART_BITS = 4;
  private static final int PARTS = 1 << PART_BITS;

  /** That a node is known by a host inode. */
  static final class Known extends WeakReference<Node> {
    private final int fileSystem;
    private final long ino;

    /* Guarded by the lock of the part. */
    private @Nullable Known next;

    Known(HostInode host, Node node, ReferenceQueue<Node> queue) {
      super(node, queue);
      this.fileSystem = host.fileSystem();
      this.ino = host.ino();
    }

    boolean isOf(HostInode host) {
      return ino == host.ino() && fileSystem == host.fileSystem();
    }

    int hash() {
      return HostInode.hash(fileSystem, ino);
    }
  }

  private final Part[] parts = new Part[PARTS];

  LiveNodes() {
    for (int i = 0; i < PARTS; i++) {
      parts[i] = new Part();
    }
  }

  private Part part(int hash) {
    return parts[hash >>> (Integer.SIZE - PART_BITS)];
  }

  /** Says which node an inode is to be known for, given the one that it is known for now. */
  interface Choice {
    Node choose(@Nullable Node known);
  }

  /**
   * The node that an inode is known for from here on.
   *
   * @param choice runs under a lock, so it may do no more than make a node
   */
  Node compute(HostInode host, Choice choice) {
    return part(host.hashCode()).compute(host, choice);
  }

  /** The node that an inode is known for, null if for none. */
  @Nullable Node find(HostInode host) {
    return part(host.hashCode()).get(host);
  }

  /** Makes an inode known for a node, whatever it was known for. */
  void put(HostInode host, Node node) {
    compute(host, known -> node);
  }

  /** Forgets that a node is known by an inode, unless that is another's already. */
  void remove(@Nullable Known known) {
    if (known != null) {
      part(known.hash()).remove(known);
    }
  }

  /** The number of entries, with some whose nodes are gone. */
  int size() {
    int size = 0;
    for (Part part : parts) {
      size += part.size();
    }
    return size;
  }

  /** A part of the table; its lock is a leaf. */
  private static final class Part {
    private static final int FEWEST_CHAINS = 16;
    private static final int SHRINK_BELOW = 8;

    private final ReentrantLock lock = new ReentrantLock();
    private final ReferenceQueue<Node> gone = new ReferenceQueue<>();

    @GuardedBy("lock")
    private @Nullable Known[] chains = new Known[FEWEST_CHAINS];

    @GuardedBy("lock")
    private int used;

    Node compute(HostInode host, Choice choice) {
      lock.lock();
      try {
        Known present = find(host);
        Node known = present == null ? null : present.get();
        Node chosen = choice.choose(known);
        if (chosen != known) {
          if (present != null) {
            unlink(present);
          }
          takeOutGone();
          Known added = new Known(host, chosen, gone);
          link(added);
          chosen.addKnown(added);
        }
        return chosen;
      } finally {
        lock.unlock();
      }
    }

    @Nullable Node get(HostInode host) {
      lock.lock();
      try {
        Known present = find(host);
        return present == null ? null : present.get();
      } finally {
        lock.unlock();
      }
    }

    void remove(Known known) {
      lock.lock();
      try {
        unlink(known);
      } finally {
        lock.unlock();
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

    @GuardedBy("lock")
    private @Nullable Known find(HostInode host) {
      Known at = chains[chain(host.hashCode())];
      while (at != null && !at.isOf(host)) {
        at = at.next;
      }
      return at;
    }

    @GuardedBy("lock")
    private int chain(int hash) {
      int after = hash << PART_BITS; // those bits chose the part
      return after >>> (Integer.numberOfLeadingZeros(chains.length) + 1);
    }

    @GuardedBy("lock")
    private void link(Known added) {
      used++;
      if (used > chains.length) {
        resize(chains.length * 2);
      }
      int chain = chain(added.hash());
      added.next = chains[chain];
      chains[chain] = added;
    }

    @GuardedBy("lock")
    private void unlink(Known removed) {
      int chain = chain(removed.hash());
      Known before = null;
      Known at = chains[chain];
      while (at != null && at != removed) {
        before = at;
        at = at.next;
      }
      if (at == null) {
        return;
      }
      if (before == null) {
        chains[chain] = removed.next;
      } else {
        before.next = removed.next;
      }
      removed.next = null;
      used--;
    }

    @GuardedBy("lock")
    private void takeOutGone() {
      Reference<? extends Node> reference = gone.poll();
      while (reference != null) {
        unlink((Known) reference);
        reference = gone.poll();
      }
      if (chains.length > FEWEST_CHAINS && used < chains.length / SHRINK_BELOW) {
        resize(chains.length / 2);
      }
    }

    @GuardedBy("lock")
    private void resize(int number) {
      @Nullable Known[] before = chains;
      chains = new Known[number];
      for (Known first : before) {
        Known at = first;
        while (at != null) {
          Known following = at.next;
          int chain = chain(at.hash());
          at.next = chains[chain];
          chains[chain] = at;
          at = following;
        }
      }
    }
  }
}
