package io.unionfs.core;

import io.unionfs.sys.Sys;
import java.util.concurrent.Phaser;

/*
 * The last close(2) of a removed file frees its blocks and cached pages, which takes the host hundreds
 * of milliseconds for some gigabytes. Who gave up a copy - Ctrl-C, a full disk - need not wait for it.
 */
/** The closing of descriptors, of those of large removed files by another thread. */
final class DescriptorCloser {
  private static final long LARGE_BYTES = 32L << 20;

  private final Sys sys;
  private final Phaser running = new Phaser(1);

  DescriptorCloser(Sys sys) {
    this.sys = sys;
  }

  /**
   * Closes a descriptor.
   *
   * @param bytes how large the file is that goes with it, 0 for one that stays
   */
  void close(int fd, long bytes) {
    if (bytes < LARGE_BYTES) {
      sys.close(fd);
      return;
    }
    running.register();
    Thread thread =
        new Thread(
            () -> {
              try {
                sys.close(fd);
              } finally {
                running.arriveAndDeregister();
              }
            },
            "unionfs-close");
    thread.setDaemon(true);
    try {
      thread.start();
    } catch (OutOfMemoryError e) { // no thread to be had
      running.arriveAndDeregister();
      sys.close(fd);
    }
  }

  /** Waits until all are closed. */
  void await() {
    running.arriveAndAwaitAdvance();
  }
}
