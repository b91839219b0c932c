package io.unionfs.image;

import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Origin;
import io.unionfs.offline.OpenLayers;
import io.unionfs.stack.Resolution;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Dirents;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/*
 * A lower file with several names that was copied up under one of them is the copy under all of them, which
 * the work dir's index knows by the lower file's handle. In a layer the other names must be links of
 * the copy, or they would be the old file again.
 */
/** The copies that are known under names of which the upper has none. */
final class IndexedFiles {
  private final Sys sys;
  private final Map<FileHandle, Copy> copies = new HashMap<>();
  private boolean incomplete;

  /**
   * A copy.
   *
   * @param place its entry in the index
   */
  record Copy(Place place, Stat stat) {}

  private IndexedFiles(Sys sys) {
    this.sys = sys;
  }

  static IndexedFiles of(OpenLayers layers) throws ErrnoException {
    IndexedFiles files = new IndexedFiles(layers.sys());
    LayerDir index = layers.index();
    if (index != null) {
      files.read(layers, index);
    }
    return files;
  }

  private void read(OpenLayers layers, LayerDir index) throws ErrnoException {
    SharedFd pinned = index.pin();
    try (Fd fd = new Fd(sys, index.openSelf());
        Dirents entries = Dirents.open(sys, fd.raw())) {
      while (entries.next()) {
        Name name = entries.name();
        FileHandle lower = handle(name);
        Stat stat = new Stat();
        if (lower != null && index.tryStat(name, stat) == 0 && !stat.isDirectory()) {
          copies.put(lower, new Copy(new Place(index, name), stat));
          Integer more = layers.marks().nlinkDifference(pinned.fd(), name, stat.nlink, 0);
          boolean counted = more != null && !layers.marks().countsFromLower(pinned.fd(), name);
          incomplete |= !counted || (more != null && more >= 0);
        }
      }
    } finally {
      pinned.unpin();
    }
  }

  private static @Nullable FileHandle handle(Name entry) {
    try {
      return Origin.decode(HexFormat.of().parseHex(entry.toString()));
    } catch (IllegalArgumentException e) {
      return null; // an entry of another kind
    }
  }

  /** Whether there may be names of copies that the upper does not have. */
  boolean hasOtherNames() {
    return incomplete;
  }

  /** The copy that a lower's file is shown as, or null. */
  @Nullable Copy copyOf(Resolution found) throws ErrnoException {
    LayerDir dir = found.dir();
    Stat stat = found.stat();
    if (copies.isEmpty() || dir == null || stat == null || stat.nlink < 2) {
      return null;
    }
    SharedFd fd = dir.pin();
    try {
      FileHandle handle = sys.nameToHandleAt(fd.fd(), found.name());
      return handle == null ? null : copies.get(handle);
    } finally {
      fd.unpin();
    }
  }
}
