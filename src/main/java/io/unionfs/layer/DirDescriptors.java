package io.unionfs.layer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.SharedFd;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The open directory descriptors of one layer, bounded: a clock with second chance closes the least
 * recently used. Roots are not in it and stay open.
 */
final class DirDescriptors {
  private static final int RLIMIT_NOFILE = 7;
  private static final int MOST = 1024;
  private static final int LEAST = 8;

  /* Of the descriptors that the process may have. */
  private static final int SHARE = 32;

  /* A leaf lock; the system calls under it are the close(2) of evicted descriptors and one getrlimit(2). */
  private final ReentrantLock lock = new ReentrantLock();

  /* Grows: of hundreds of layers most have nothing but their root in use. */
  @GuardedBy("lock")
  private @Nullable LayerDir[] slots = new LayerDir[LEAST];

  /* 0 until it is wanted: that is a system call for each of hundreds of layers. */
  @GuardedBy("lock")
  private int most;

  @GuardedBy("lock")
  private int hand;

  /** As many as the process's limit of descriptors lets a layer have. */
  DirDescriptors() {}

  /**
   * @param most how many may be open
   */
  DirDescriptors(int most) {
    this.most = most;
  }

  /** Publishes a directory's new descriptor, unless another thread was first. */
  boolean install(LayerDir dir, @Nullable SharedFd expected, SharedFd opened) {
    lock.lock();
    try {
      if (dir.descriptor() != expected) {
        return false;
      }
      dir.setDescriptor(opened);
      freeLocked();
      slots[hand] = dir;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /* Leaves the hand at a free slot. */
  @GuardedBy("lock")
  private void freeLocked() {
    int next = (hand + 1) % slots.length;
    if (slots[next] == null || slots.length >= mostLocked()) {
      evictLocked();
      return;
    }
    hand = slots.length;
    slots = Arrays.copyOf(slots, Math.min(mostLocked(), 2 * slots.length));
  }

  @GuardedBy("lock")
  private int mostLocked() {
    if (most == 0) {
      long limit = OwnProcess.getRlimit(RLIMIT_NOFILE)[0];
      most = (int) Math.max(LEAST, Math.min(MOST, limit / SHARE));
    }
    return most;
  }

  @GuardedBy("lock")
  private void evictLocked() {
    for (int turns = 0; turns < slots.length; turns++) {
      hand = (hand + 1) % slots.length;
      LayerDir candidate = slots[hand];
      if (candidate == null || !candidate.takeUsed()) {
        break;
      }
    }
    LayerDir victim = slots[hand];
    if (victim != null) {
      retireLocked(victim);
    }
    slots[hand] = null;
  }

  @GuardedBy("lock")
  private void retireLocked(LayerDir dir) {
    SharedFd present = dir.descriptor();
    dir.setDescriptor(null);
    if (present != null) {
      present.retire();
    }
  }

  /** Closes a directory's descriptor now, where it has one: it was removed. */
  void forget(LayerDir dir) {
    lock.lock();
    try {
      retireLocked(dir);
    } finally {
      lock.unlock();
    }
  }

  /** Closes all that nobody uses right now: the process has no descriptor left. */
  void giveUp() {
    close();
  }

  void close() {
    lock.lock();
    try {
      for (int i = 0; i < slots.length; i++) {
        LayerDir dir = slots[i];
        if (dir != null) {
          retireLocked(dir);
          slots[i] = null;
        }
      }
    } finally {
      lock.unlock();
    }
  }
}
