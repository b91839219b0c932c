package io.unionfs.transport.kernel;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.unionfs.sys.Errno;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * The kernel forgets files when its own memory is short. Where it has much, that is after more files than this
 * process has memory for: a walk of a large tree is enough. So from a number on it is asked to forget what
 * nothing uses (Linux 6.18), by a thread of its own, because what it forgets may have to be written first. It
 * goes through the table in a circle; what was in use stays, and is asked for again the next time. Names are not made
 * invalid instead, which older kernels can be asked for: they would unmount what is mounted there.
 */
/** Keeps the nodes that the kernel knows as few as there is memory for. */
final class Pruning {
  private static final Logger LOG = LoggerFactory.getLogger(Pruning.class);

  /* Half of the heap is for nodes, which take some 350 bytes. */
  private static final int HEAP_BYTES_A_NODE = 800;
  private static final int BATCH = 512;
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final NodeTable nodes;
  private final Forgetting forgetting;
  private final String name;
  private final int most;
  private final AtomicBoolean asleep = new AtomicBoolean(true);
  private final Semaphore wanted = new Semaphore(0);
  private volatile boolean ended;

  /* Nobody walks over so much as long as most mounts last. */
  @GuardedBy("this")
  private boolean started;

  /** One for as many as the heap has room for. */
  Pruning(NodeTable nodes, Forgetting forgetting, String name) {
    this(nodes, forgetting, name, roomInHeap());
  }

  /**
   * @param most the number of nodes from which on the kernel is to forget some
   */
  Pruning(NodeTable nodes, Forgetting forgetting, String name, int most) {
    this.nodes = nodes;
    this.forgetting = forgetting;
    this.name = name;
    this.most = most;
    nodes.watch(most, this::wake);
  }

  private static int roomInHeap() {
    long room = Runtime.getRuntime().maxMemory() / HEAP_BYTES_A_NODE;
    return (int) Math.min(Integer.MAX_VALUE, room);
  }

  /* By whoever adds a node to a full table; waits for nothing. */
  private void wake() {
    if (asleep.compareAndSet(true, false)) {
      wanted.release();
      startOnce();
    }
  }

  private synchronized void startOnce() {
    if (!started && !ended) {
      started = true;
      Thread thread = new Thread(this::run, name + " prune");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void run() {
    while (!ended) {
      if (nodes.size() <= most) {
        sleep();
      } else if (!prune()) {
        pause();
      }
    }
  }

  /* A permit too many is one more look at the number. */
  private void sleep() {
    asleep.set(true);
    if (nodes.size() <= most && !ended) {
      wanted.acquireUninterruptibly();
    }
    asleep.set(false);
  }

  private void pause() {
    long end = System.nanoTime() + PAUSE_NANOS;
    while (!ended && end - System.nanoTime() > 0) {
      LockSupport.parkNanos(this, end - System.nanoTime());
    }
  }

  /* Whether there are few enough then. The kernel tells later what it has forgotten. */
  private boolean prune() {
    long[] ids = new long[BATCH];
    int enough = most / 4 * 3;
    int all = nodes.size();
    int asked = 0;
    while (asked < all && !ended && nodes.size() > enough) {
      int number = nodes.nextIds(ids);
      if (number > 0) {
        int errno = forgetting.prune(ids, number);
        if (errno == Errno.EINVAL) {
          giveUp();
          return false;
        }
        if (errno != 0) {
          LOG.debug("the kernel was not asked to forget: {}", Errno.message(errno));
          return false;
        }
      }
      asked += Math.max(1, number);
    }
    int left = nodes.size();
    LOG.debug("the kernel was asked to forget {} of {} nodes, and knows {}", asked, all, left);
    return left <= most;
  }

  private void giveUp() {
    ended = true;
    LOG.warn(
        "the kernel remembers more than {} files, and this one cannot be asked to forget some (Linux 6.18 can);"
            + " a larger heap (UNIONFS_HEAP) has room for more",
        most);
  }

  /** Asks for nothing any more; what is asked for now may go on. */
  void end() {
    ended = true;
    wanted.release();
  }
}
