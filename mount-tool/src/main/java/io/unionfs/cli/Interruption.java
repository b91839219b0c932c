package io.unionfs.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/*
 * A signal makes the JVM run its hooks while the commands go on, and end when the hooks have. So the hook
 * interrupts the command, which undoes what it did, and waits for that.
 */
/** Ctrl-C and SIGTERM for a command that must not leave anything half-done. */
final class Interruption implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 30;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook;

  private Interruption(Thread work) {
    this.hook = new Thread(() -> interrupt(work), "interruption");
  }

  /** From here on a signal interrupts this thread, and the process waits until this is closed. */
  static Interruption ofThisThread() {
    Interruption interruption = new Interruption(Thread.currentThread());
    Runtime.getRuntime().addShutdownHook(interruption.hook);
    return interruption;
  }

  private void interrupt(Thread work) {
    if (ended.getCount() == 0) {
      return;
    }
    work.interrupt();
    try {
      boolean undone = ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (!undone) {
        System.err.println("interrupted before everything was undone");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The work is complete: a signal has nothing to undo any more. */
  void done() {
    ended.countDown();
  }

  @Override
  public void close() {
    ended.countDown();
  }
}
