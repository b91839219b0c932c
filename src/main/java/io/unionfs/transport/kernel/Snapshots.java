package io.unionfs.transport.kernel;

import io.unionfs.core.DirNode;
import io.unionfs.core.Listing;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.ErrnoException;
import java.lang.ref.SoftReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/*
 * Without OPENDIR there is no handle that could keep a listing, and reading the directory again for
 * each part of it would cost the square of its size. A listing is kept here from its first part to its
 * last. Which one is found does not matter for correctness: positions mean the same in all listings of
 * a directory, and a reader that starts from the beginning always gets a new one.
 */
/** The listings of directories that are being read in parts. */
final class Snapshots {
  private static final int SLOTS = 64;

  private record Snapshot(DirNode dir, Listing listing) {}

  private final UnionFileSystem fs;
  private final AtomicReferenceArray<@Nullable SoftReference<Snapshot>> slots =
      new AtomicReferenceArray<>(SLOTS);

  Snapshots(UnionFileSystem fs) {
    this.fs = fs;
  }

  private static int slot(DirNode dir) {
    return (int) (dir.id() & (SLOTS - 1));
  }

  /** A listing to read on in after a position; 0 is the beginning. */
  Listing at(DirNode dir, long position) throws ErrnoException {
    if (position != 0) {
      Snapshot known = find(dir);
      if (known != null) {
        return known.listing();
      }
    }
    Listing listing = fs.list(dir);
    slots.set(slot(dir), new SoftReference<>(new Snapshot(dir, listing)));
    return listing;
  }

  private @Nullable Snapshot find(DirNode dir) {
    SoftReference<Snapshot> reference = slots.get(slot(dir));
    Snapshot snapshot = reference == null ? null : reference.get();
    return snapshot != null && snapshot.dir() == dir ? snapshot : null;
  }

  /** To be called when a reader has met the end. */
  void finished(DirNode dir, Listing listing) {
    Snapshot known = find(dir);
    if (known != null && known.listing() == listing) {
      slots.set(slot(dir), null);
    }
  }
}
