package io.unionfs.offline;

import io.unionfs.stack.Resolution;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the lowers of a union show by themselves. */
final class LowerPaths {
  private final OpenLayers layers;

  /* The directory that was last looked for; null if they have none there. */
  private List<Name> lastPath = List.of();
  private @Nullable MergedDir lastDir;

  LowerPaths(OpenLayers layers) {
    this.layers = layers;
    this.lastDir = layers.lowerRoot();
  }

  /** What they show at a path; null for nothing, and for the root. */
  @Nullable Resolution find(List<Name> path) throws ErrnoException {
    if (path.isEmpty()) {
      return null;
    }
    List<Name> parent = path.subList(0, path.size() - 1);
    if (!parent.equals(lastPath)) { // most come directory by directory
      lastDir = directory(parent);
      lastPath = List.copyOf(parent);
    }
    MergedDir dir = lastDir;
    Resolution found = dir == null ? null : dir.resolve(path.get(path.size() - 1));
    return found == null || !found.exists() ? null : found;
  }

  /** The directory that they show at a path; null if there is none. */
  @Nullable MergedDir directory(List<Name> path) throws ErrnoException {
    MergedDir dir = layers.lowerRoot();
    for (Name name : path) {
      Resolution found = dir.resolve(name);
      if (found.kind() != Resolution.Kind.DIRECTORY) {
        return null;
      }
      dir = dir.child(found);
    }
    return dir;
  }
}
