package io.unionfs.offline;

import io.unionfs.layer.LayerDir;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/*
 * A directory that was renamed says so itself, by its redirect mark. A file that was renamed has been
 * copied up, and its origin mark is the handle of the lower file; the name that it had is hidden now, by a
 * whiteout or by another file. So the handles of the lower files that are hidden are compared with the
 * marks of the files that are new under their names. No handle is opened: a mark that somebody made up can
 * only name what is hidden anyway.
 */
/** What was renamed: gathered by a first walk, asked by a second one. */
final class Renames {
  /** A place of the lowers whose name the union gives to something else, or to nothing. */
  record Source(List<Name> path, Side side) {}

  /**
   * Something that was renamed.
   *
   * @param from where the lowers have it
   * @param to where the union has it
   */
  record Renamed(List<Name> from, List<Name> to, boolean directory) {}

  private record Target(List<Name> path, FileHandle origin) {}

  private final List<Target> targets = new ArrayList<>();
  private final List<Source> sources = new ArrayList<>();
  private final List<Renamed> all = new ArrayList<>();
  private final Map<Name, Source> byTarget = new HashMap<>();
  private final Set<Name> movedAway = new HashSet<>();

  /** Notes that a directory of the lowers is somewhere else in the union. */
  void directory(List<Name> from, List<Name> to) {
    all.add(new Renamed(from, to, true));
    movedAway.add(Paths.join(from));
  }

  /** Notes a file of the upper that may have come from another name. */
  void target(List<Name> path, @Nullable FileHandle origin) {
    if (origin != null) {
      targets.add(new Target(path, origin));
    }
  }

  /** Notes a file of the lowers that its name does not show any more. */
  void source(List<Name> path, Side side) {
    sources.add(new Source(path, side));
  }

  /** Brings together what was noted. */
  void settle() throws ErrnoException {
    if (targets.isEmpty()) {
      return;
    }
    Map<FileHandle, Source> hidden = new HashMap<>();
    for (Source source : sources) {
      FileHandle handle = handle(source.side());
      if (handle != null) {
        hidden.putIfAbsent(handle, source);
      }
    }
    for (Target target : targets) {
      Source source = hidden.remove(target.origin());
      if (source != null && !source.path().equals(target.path())) {
        all.add(new Renamed(source.path(), target.path(), false));
        byTarget.put(Paths.join(target.path()), source);
        movedAway.add(Paths.join(source.path()));
      }
    }
    targets.clear();
    sources.clear();
  }

  /** The handle of a lower file, null where its file system has none. */
  static @Nullable FileHandle handle(Side side) throws ErrnoException {
    LayerDir dir = side.dir();
    SharedFd fd = dir.pin();
    try {
      return dir.sys().nameToHandleAt(fd.fd(), side.name());
    } finally {
      fd.unpin();
    }
  }

  /** All that was noted, after {@link #settle}. */
  List<Renamed> all() {
    return List.copyOf(all);
  }

  /** Where a file came from, or null. */
  @Nullable Source of(Name path) {
    return byTarget.get(path);
  }

  /** Whether what the lowers have at a place is at another one in the union. */
  boolean isMovedAway(List<Name> oldPath) {
    return !movedAway.isEmpty() && movedAway.contains(Paths.join(oldPath));
  }
}
