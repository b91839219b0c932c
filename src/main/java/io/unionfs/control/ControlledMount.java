package io.unionfs.control;

import io.unionfs.sys.Name;
import java.io.IOException;
import java.util.List;

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

  /**
   * Throws away what the upper changes at some paths and below; returns when nobody sees it any
   * more.
   *
   * @param paths below the union's root; {@code .} is everything
   * @param millis the longest to wait for changes that run
   * @throws IOException with a message for the client if that cannot be, or not all of it
   */
  void discard(List<Name> paths, int millis) throws IOException;
}
