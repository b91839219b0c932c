package io.unionfs.cli.log;

import io.unionfs.sys.ErrnoException;

/** Somewhere that log lines go. For any thread. */
sealed interface LogTarget permits LineTarget, JournalTarget {
  /**
   * Takes what is logged.
   *
   * @throws ErrnoException if it takes nothing any more
   */
  void write(LogEvent event) throws ErrnoException;

  /** Says what is still to be said where nothing else will be written. */
  default void finish() {}
}
