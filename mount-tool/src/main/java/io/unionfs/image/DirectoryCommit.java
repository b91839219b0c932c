package io.unionfs.image;

import io.unionfs.image.LayerUnpacking.Owners;
import io.unionfs.image.LayerUnpacking.Watcher;
import io.unionfs.image.file.StagedDirectory;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.Set;

/** The making of a lower directory of an upper's changes. */
public final class DirectoryCommit {
  private DirectoryCommit() {}

  /**
   * Copies the changes.
   *
   * @param into an empty directory, which is complete afterwards but not published
   * @return the sockets, which are left out as in archives
   * @throws IOException with a message for the user
   */
  public static Set<EntryPath> copy(
      Sys sys, LayerChanges changes, StagedDirectory into, Owners owners, Watcher watcher)
      throws IOException {
    LayerUnpacking unpacking = new LayerUnpacking(sys, owners, Long.MAX_VALUE, watcher);
    return unpacking.copy(sink -> changes.handTo(sink, watcher), into);
  }
}
