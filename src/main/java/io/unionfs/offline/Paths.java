package io.unionfs.offline;

import io.unionfs.layer.LayerDir;
import io.unionfs.sys.Name;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Paths in a union or a layer, as names one below the other. */
public final class Paths {
  private static final Name SLASH = Name.of("/");

  private Paths() {}

  /**
   * The names of a path; empty for the root.
   *
   * @throws IllegalArgumentException if it leads out of where it starts
   */
  public static List<Name> split(byte[] path) {
    List<Name> names = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= path.length; i++) {
      if (i == path.length || path[i] == '/') {
        add(names, Name.of(path, start, i - start), path);
        start = i + 1;
      }
    }
    return names;
  }

  private static void add(List<Name> names, Name name, byte[] path) {
    if (name.equals(Name.DOTDOT)) {
      if (names.isEmpty()) {
        throw new IllegalArgumentException(Name.of(path) + ": leads out of the union");
      }
      names.remove(names.size() - 1);
    } else if (name.length() > 0 && !name.equals(Name.DOT)) {
      names.add(name);
    }
  }

  /** The names with slashes between them; "." for none. */
  public static Name join(List<Name> names) {
    Name joined = Name.DOT;
    for (int i = 0; i < names.size(); i++) {
      joined = i == 0 ? names.get(i) : joined.concat(SLASH).concat(names.get(i));
    }
    return joined;
  }

  /** The path of a name in a directory. */
  public static List<Name> child(List<Name> directory, Name name) {
    List<Name> path = new ArrayList<>(directory.size() + 1);
    path.addAll(directory);
    path.add(name);
    return path;
  }

  /** Where a directory is in its layer. */
  public static List<Name> inLayer(LayerDir dir) {
    List<Name> names = new ArrayList<>();
    LayerDir at = dir;
    for (LayerDir above = at.parent(); above != null; above = at.parent()) {
      names.add(at.name());
      at = above;
    }
    Collections.reverse(names);
    return names;
  }
}
