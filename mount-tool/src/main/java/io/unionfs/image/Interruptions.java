package io.unionfs.image;

import java.io.InterruptedIOException;

/** Interruptions of the thread that does the work, which must get through between two steps. */
final class Interruptions {
  private Interruptions() {}

  /**
   * Ends the work if its thread was interrupted.
   *
   * @throws InterruptedIOException if so
   */
  static void check() throws InterruptedIOException {
    if (Thread.interrupted()) {
      throw new InterruptedIOException("interrupted");
    }
  }
}
