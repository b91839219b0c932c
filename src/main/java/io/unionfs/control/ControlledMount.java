package io.unionfs.control;

/** A live mount as its control socket sees it. All methods are for any thread. */
public interface ControlledMount {
  MountStatus status();

  /** What it counted; it looks more closely for a while afterwards. */
  MountStatistics statistics();

  /**
   * Keeps changes out of the layers, until {@link #release}.
   *
   * @return false, and changes go on, if those that run do not end within so many milliseconds
   */
  boolean tryHold(int millis);

  /** Lets changes go on. */
  void release();
}
