package io.unionfs.layer;

import io.unionfs.sys.Dirents;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Sys;

/** A directory of a lower layer that is being read, once and from its first entry on. */
public final class DirReading implements AutoCloseable {
  private final SharedFd pinned;
  private final Dirents entries;

  /* Takes over the pin of a descriptor that nobody else reads entries from. */
  DirReading(Sys sys, SharedFd pinned) {
    this.pinned = pinned;
    Dirents opened = null;
    try {
      opened = Dirents.open(sys, pinned.fd());
    } finally {
      if (opened == null) {
        pinned.unpin(); // no memory
      }
    }
    this.entries = opened;
  }

  /** The cursor over its entries, "." and ".." among them. */
  public Dirents entries() {
    return entries;
  }

  @Override
  public void close() {
    entries.close();
    pinned.unpin();
  }
}
