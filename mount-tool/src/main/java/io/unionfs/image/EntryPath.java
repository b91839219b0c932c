package io.unionfs.image;

import io.unionfs.offline.Paths;
import io.unionfs.sys.Name;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Where an object of a layer is, below the layer's root.
 *
 * @param names from the root on, none for the root itself; each a single component
 */
public record EntryPath(List<Name> names) implements Comparable<EntryPath> {
  public static final EntryPath ROOT = new EntryPath(List.of());

  /* As many names as a path of PATH_MAX bytes can have; a tree of any depth is a way to use up memory. */
  private static final int MOST_NAMES = 2048;

  /* Of so many names, each of NAME_MAX bytes, with slashes. */
  private static final int MOST_BYTES = MOST_NAMES * 256;

  public EntryPath {
    names = List.copyOf(names);
  }

  /**
   * Reads a path as archives have it. A slash at its beginning means the layer's root, as for every
   * reader of layers.
   *
   * @throws LayerException for a path that leads out of the layer, or is too deep
   */
  public static EntryPath parse(Name path) throws LayerException {
    List<Name> names = new ArrayList<>();
    byte[] bytes = path.bytes();
    if (bytes.length > MOST_BYTES) {
      throw new LayerException("a path of " + bytes.length + " bytes is too long");
    }
    int start = 0;
    for (int i = 0; i <= bytes.length; i++) {
      if (i == bytes.length || bytes[i] == '/') {
        Name name = Name.of(bytes, start, i - start);
        start = i + 1;
        if (name.equals(Name.DOTDOT)) {
          throw new LayerException("its path " + path + " leads out of the layer");
        }
        if (name.length() > 0 && !name.equals(Name.DOT)) {
          requireDepth(names.size() + 1);
          names.add(name);
        }
      }
    }
    return new EntryPath(names);
  }

  /**
   * Itself, if it is no deeper than others can handle.
   *
   * @throws LayerException if it is
   */
  EntryPath checked() throws LayerException {
    requireDepth(names.size());
    return this;
  }

  private static void requireDepth(int depth) throws LayerException {
    if (depth > MOST_NAMES) {
      throw new LayerException("a path of more than " + MOST_NAMES + " names is too deep");
    }
  }

  public boolean isRoot() {
    return names.isEmpty();
  }

  /** The last name; not for the root. */
  public Name last() {
    return names.get(names.size() - 1);
  }

  /** The directory it is in; not for the root. */
  public EntryPath parent() {
    return new EntryPath(names.subList(0, names.size() - 1));
  }

  public EntryPath child(Name name) {
    List<Name> longer = new ArrayList<>(names.size() + 1);
    longer.addAll(names);
    longer.add(name);
    return new EntryPath(longer);
  }

  /** The path with slashes between its names; empty for the root. */
  public Name joined() {
    return isRoot() ? Name.of("") : Paths.join(names);
  }

  /** By the bytes of the names, a directory before what is in it. */
  @Override
  public int compareTo(EntryPath other) {
    int common = Math.min(names.size(), other.names.size());
    for (int i = 0; i < common; i++) {
      int order = names.get(i).compareTo(other.names.get(i));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(names.size(), other.names.size());
  }

  /** For messages. */
  @Override
  public String toString() {
    return isRoot() ? "/" : names.stream().map(Name::toString).collect(Collectors.joining("/"));
  }
}
