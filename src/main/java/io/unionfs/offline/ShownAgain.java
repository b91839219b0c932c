package io.unionfs.offline;

import io.unionfs.layer.LayerDir;
import io.unionfs.stack.DiscardSteps;
import io.unionfs.stack.Resolution;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/*
 * The copy of a lower file with several names counts those that the union shows. One that a whiteout, an opaque
 * directory or an object of another kind hides is not among them, until that goes.
 */
/** Counts the names of copied-up files that the lowers show again without an entry of the upper. */
final class ShownAgain {
  private final OpenLayers layers;
  private final Origins origins;
  private final LowerPaths lowers;

  /* Since the last time, by the index entry of their file. */
  private final Map<Name, DiscardSteps.Links> links = new HashMap<>();
  private final Set<Name> counted = new HashSet<>();
  private @Nullable Boolean indexUsed;

  /* Directories of the lowers that are elsewhere in the union. */
  private final Set<Name> movedAway = new HashSet<>();

  /* Where they are, and where the lowers have them. */
  private final Map<Name, List<Name>> movedFrom = new HashMap<>();

  ShownAgain(OpenLayers layers, Origins origins, LowerPaths lowers) {
    this.layers = layers;
    this.origins = origins;
    this.lowers = lowers;
  }

  /** A directory of the lowers was renamed: its names count where they are. */
  void moved(List<Name> from, List<Name> to) {
    movedAway.add(Paths.join(from));
    movedFrom.put(Paths.join(to), from);
  }

  /** What has been counted since the last time, by the index entry of the file. */
  Map<Name, DiscardSteps.Links> take() {
    Map<Name, DiscardSteps.Links> taken = Map.copyOf(links);
    links.clear();
    return taken;
  }

  /**
   * Counts a name of the lowers.
   *
   * @param withTree if they have a directory there, whether all below it shows again as well
   */
  void count(List<Name> shown, boolean withTree) throws ErrnoException {
    if (layers.index() == null) {
      return;
    }
    List<Name> path = inLowers(shown);
    Resolution found = lowers.find(path);
    if (found == null) {
      return;
    }
    if (found.kind() == Resolution.Kind.FILE) {
      countFile(path, found);
    } else if (found.kind() == Resolution.Kind.DIRECTORY && withTree && isIndexUsed()) {
      countTree(path);
    }
  }

  private void countTree(List<Name> path) throws ErrnoException {
    record Open(List<Name> path, MergedDir dir) {}
    MergedDir top = lowers.directory(path);
    if (top == null || movedAway.contains(Paths.join(path))) {
      return;
    }
    Deque<Open> open = new ArrayDeque<>();
    open.push(new Open(path, top));
    while (!open.isEmpty()) {
      Open at = open.pop();
      for (Name name : at.dir().names()) {
        List<Name> child = Paths.child(at.path(), name);
        Resolution below = at.dir().resolve(name);
        if (below.kind() == Resolution.Kind.DIRECTORY) {
          if (!movedAway.contains(Paths.join(child))) {
            open.push(new Open(child, at.dir().child(below)));
          }
        } else if (below.exists() && Side.of(below).stat().nlink > 1) {
          countFile(child, below);
        }
      }
    }
  }

  /* A path in a renamed directory shows again where the lowers have that one: both go, or neither. */
  private List<Name> inLowers(List<Name> path) {
    if (movedFrom.isEmpty()) {
      return path;
    }
    for (int length = path.size() - 1; length > 0; length--) {
      List<Name> from = movedFrom.get(Paths.join(path.subList(0, length)));
      if (from != null) {
        List<Name> old = new ArrayList<>(from);
        old.addAll(path.subList(length, path.size()));
        return old;
      }
    }
    return path;
  }

  private boolean isIndexUsed() throws ErrnoException {
    Boolean known = indexUsed;
    if (known == null) {
      LayerDir index = layers.index();
      known = index != null && !index.names().isEmpty();
      indexUsed = known;
    }
    return known;
  }

  private void countFile(List<Name> path, Resolution found) throws ErrnoException {
    if (!counted.add(Paths.join(path))) {
      return;
    }
    Side lower = Side.of(found);
    Side copy = origins.indexed(lower);
    if (copy != null) {
      links.merge(
          copy.name(),
          new DiscardSteps.Links(1, lower.stat().nlink),
          (known, one) -> new DiscardSteps.Links(known.more() + one.more(), one.lower()));
    }
  }
}
