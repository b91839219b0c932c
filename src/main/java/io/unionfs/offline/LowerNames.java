package io.unionfs.offline;

import io.unionfs.stack.Resolution;
import io.unionfs.stack.Resolution.Kind;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/*
 * The index has the handle of a copy's lower file, which leads to one of its names at most, and not to the
 * same one each time. Which names a file has only the directories tell, so all that the union shows is
 * walked; a file with a single name is not looked at any further.
 */
/** The names of copies in the index that only lowers have. */
final class LowerNames {
  /** A lower file whose copy is in the index, and the names that show it. */
  record Found(Side lower, List<Name> paths) {}

  private final Map<Name, Found> byIndexEntry = new HashMap<>();

  private record Frame(List<Name> path, MergedDir dir, Iterator<Name> names) {}

  private LowerNames() {}

  /**
   * Walks over all that the union shows.
   *
   * @param sink hears what cannot be looked at, and how far it is
   */
  static LowerNames read(OpenLayers layers, Origins origins, DiffSink sink) throws IOException {
    LowerNames found = new LowerNames();
    Deque<Frame> open = new ArrayDeque<>();
    enter(layers.root(), List.of(), open, sink);
    while (!open.isEmpty()) {
      Frame frame = open.element();
      if (!frame.names().hasNext()) {
        open.pop();
        continue;
      }
      Name name = frame.names().next();
      sink.progress(1, 0);
      List<Name> path = Paths.child(frame.path(), name);
      try {
        Resolution at = frame.dir().resolve(name);
        if (at.kind() == Kind.DIRECTORY) {
          enter(frame.dir().child(at), path, open, sink);
        } else if (at.kind() == Kind.FILE) {
          found.add(layers, origins, path, Side.of(at));
        }
      } catch (ErrnoException e) {
        sink.problem(Paths.join(path), e.errno());
      }
    }
    return found;
  }

  private static void enter(MergedDir dir, List<Name> path, Deque<Frame> open, DiffSink sink)
      throws IOException {
    try {
      open.push(new Frame(path, dir, dir.names().iterator()));
    } catch (ErrnoException e) {
      sink.problem(Paths.join(path), e.errno());
    }
  }

  private void add(OpenLayers layers, Origins origins, List<Name> path, Side side)
      throws ErrnoException {
    if (side.dir().layer() == layers.upper() || side.stat().nlink < 2) {
      return;
    }
    Side copy = origins.indexed(side);
    if (copy != null) {
      byIndexEntry
          .computeIfAbsent(copy.name(), name -> new Found(side, new ArrayList<>()))
          .paths()
          .add(Paths.join(path));
    }
  }

  /** Of one copy, in the order of the walk; null if there are none. */
  @Nullable Found of(Name indexEntry) {
    return byIndexEntry.get(indexEntry);
  }
}
