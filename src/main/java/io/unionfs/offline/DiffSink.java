package io.unionfs.offline;

import io.unionfs.sys.Name;
import java.io.IOException;

/** Takes what a diff finds. */
public interface DiffSink {
  /**
   * Takes a change; in the order of paths, a directory before what is in it, and last those of
   * files of which only lowers have names.
   */
  void change(Change change) throws IOException;

  /**
   * Takes what could not be looked at; the diff goes on without it.
   *
   * @param path below the union's root
   */
  void problem(Name path, int errno) throws IOException;

  /**
   * Told of changed files of which only lowers have names that are left, where those are not looked
   * for; nothing by default.
   */
  default void unnamed(int files) throws IOException {}

  /** Told how much has been done since the last time; nothing by default. */
  default void progress(long entries, long bytes) {}
}
