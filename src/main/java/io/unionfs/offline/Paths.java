package io.unionfs.offline;

import io.unionfs.layer.LayerDir;
import io.unionfs.sys.Name;
import java.io.ByteArrayOutputStream;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.ListIterator;

/** Paths in a union or a layer, as names one below the other. */
public final class Paths {
  /* NAME_MAX */
  private static final int MOST_BYTES = 255;

  private Paths() {}

  /**
   * The names of a path below the union's root, as somebody gives it; empty for the root, which is
   * {@code .}.
   *
   * @throws IllegalArgumentException if it is empty or absolute, has {@code ..} in it, or no file
   *     can have it; the message is for the user
   */
  public static List<Name> split(byte[] path) {
    if (path.length == 0) {
      throw new IllegalArgumentException("an empty path; the whole union is '.'");
    }
    if (path[0] == '/') {
      throw new IllegalArgumentException(
          Name.of(path) + ": not relative to the union; leave the first slash out");
    }
    List<Name> names = components(path);
    if (names.contains(Name.DOTDOT)) {
      throw new IllegalArgumentException(
          Name.of(path) + ": '..' may lead elsewhere by way of a link; leave it out");
    }
    return names;
  }

  /**
   * The names of a path from wherever it starts, in which {@code ..} takes the name before it away;
   * empty for the start.
   *
   * @throws IllegalArgumentException if it leads out of where it starts, or no file can have it
   */
  public static List<Name> normalized(byte[] path) {
    List<Name> names = new ArrayList<>();
    for (Name name : components(path)) {
      if (!name.equals(Name.DOTDOT)) {
        names.add(name);
      } else if (names.isEmpty()) {
        throw new IllegalArgumentException(Name.of(path) + ": leads out of the union");
      } else {
        names.remove(names.size() - 1);
      }
    }
    return names;
  }

  /* What is between the slashes, but for nothing and '.'. */
  private static List<Name> components(byte[] path) {
    List<Name> names = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= path.length; i++) {
      if (i == path.length || path[i] == '/') {
        Name name = Name.of(path, start, i - start);
        if (name.length() > MOST_BYTES) {
          throw new IllegalArgumentException(
              name + ": a name has at most " + MOST_BYTES + " bytes");
        }
        if (name.length() > 0 && !name.equals(Name.DOT)) {
          names.add(name);
        }
        start = i + 1;
      } else if (path[i] == 0) {
        // a system call would end there, and act on another file than the one that is named
        throw new IllegalArgumentException(Name.of(path) + ": has a NUL byte in it");
      }
    }
    return names;
  }

  /** The names with slashes between them; "." for none. */
  public static Name join(List<Name> names) {
    if (names.isEmpty()) {
      return Name.DOT;
    }
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    for (Name name : names) {
      if (joined.size() > 0) {
        joined.write('/');
      }
      joined.writeBytes(name.bytes());
    }
    return Name.of(joined.toByteArray());
  }

  /** The path of a name in a directory; it shares what it has in common with that. */
  public static List<Name> child(List<Name> directory, Name name) {
    return new Child(directory, name);
  }

  /*
   * Whoever walks a tree keeps the paths of all directories that he is in: each of them as a list of its
   * own takes more memory than there is, in a tree of some ten thousand levels.
   */
  private static final class Child extends AbstractList<Name> {
    private final List<Name> directory;
    private final Name name;
    private final int size;

    Child(List<Name> directory, Name name) {
      this.directory = directory;
      this.name = name;
      this.size = directory.size() + 1;
    }

    @Override
    public int size() {
      return size;
    }

    @Override
    public Name get(int index) {
      List<Name> at = this;
      while (at instanceof Child child) {
        if (index == child.size - 1) {
          return child.name;
        }
        at = child.directory;
      }
      return at.get(index);
    }

    @Override
    public Object[] toArray() {
      Object[] names = new Object[size];
      List<Name> at = this;
      for (; at instanceof Child child; at = child.directory) {
        names[child.size - 1] = child.name;
      }
      System.arraycopy(at.toArray(), 0, names, 0, at.size());
      return names;
    }

    @Override
    public Iterator<Name> iterator() {
      return asList().iterator();
    }

    @Override
    public ListIterator<Name> listIterator() {
      return asList().listIterator();
    }

    @Override
    public List<Name> subList(int from, int to) {
      return asList().subList(from, to);
    }

    @SuppressWarnings("unchecked") // it holds nothing else
    private List<Name> asList() {
      return (List<Name>) (List<?>) Arrays.asList(toArray());
    }
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
