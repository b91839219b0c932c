package io.unionfs.offline;

import io.unionfs.layer.LayerDir;
import io.unionfs.sys.Name;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A directory of the union beside what the lowers have in its place.
 *
 * @param path where it is in the union
 * @param oldPath where the lowers have what it is compared with: the same, but in a directory that
 *     was renamed
 * @param upper null where the upper does not have it
 * @param below the lower directories that show through it
 * @param before the lower directories that it is compared with, empty if it is new
 */
record DiffDir(
    List<Name> path,
    List<Name> oldPath,
    @Nullable LayerDir upper,
    List<LayerDir> below,
    List<LayerDir> before) {
  /** Whether only what the upper has can make a difference. */
  boolean showsBefore() {
    if (below.size() != before.size()) {
      return false;
    }
    for (int i = 0; i < below.size(); i++) {
      LayerDir left = below.get(i);
      LayerDir right = before.get(i);
      boolean same =
          left == right
              || (left.layer() == right.layer()
                  && Paths.inLayer(left).equals(Paths.inLayer(right)));
      if (!same) {
        return false;
      }
    }
    return true;
  }

  /** The same with other objects for the lower directories, so that each is opened once. */
  DiffDir withBefore(List<LayerDir> others) {
    return new DiffDir(path, oldPath, upper, below, others);
  }

  List<Name> path(Name name) {
    return Paths.child(path, name);
  }

  List<Name> oldPath(Name name) {
    return Paths.child(oldPath, name);
  }
}
