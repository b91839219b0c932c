package io.unionfs.transport.kernel;

/** Who can be told that the caller of a request got a signal. */
interface Interrupts {
  /**
   * Says so of the request with that number, whose work is to end if the signal ends the caller.
   *
   * @return false if nobody serves it (yet, or any more)
   */
  boolean interrupt(long unique);
}
