package io.unionfs.transport.kernel;

/** Who can be told that the caller of a request wants to give up. */
interface Interrupts {
  /** Interrupts the request with that number; false if nobody serves it (yet, or any more). */
  boolean interrupt(long unique);
}
