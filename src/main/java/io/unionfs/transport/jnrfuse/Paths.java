package io.unionfs.transport.jnrfuse;

import io.unionfs.core.DirNode;
import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import org.jspecify.annotations.Nullable;

/**
 * The way from libfuse's paths to nodes of the union, one component at a time from the root. A path
 * is the address of a C string such as {@code /a/b}; libfuse keeps its directories from being
 * renamed or removed while a callback runs. The core remembers lookups, so there is no cache here.
 */
final class Paths {
  private static final byte SLASH = '/';

  /** A name in a directory, whether it exists or not. */
  record Place(DirNode parent, Name name) {}

  private final UnionFileSystem fs;
  private final HiddenFiles hidden;

  Paths(UnionFileSystem fs, HiddenFiles hidden) {
    this.fs = fs;
    this.hidden = hidden;
  }

  /**
   * The node of a path.
   *
   * @throws ErrnoException {@code ENOENT}, {@code ENOTDIR}
   */
  Node node(long path) throws ErrnoException {
    long start = path + 1;
    if (NativeMemory.getByte(start) == 0) {
      return fs.root();
    }
    DirNode parent = fs.root();
    while (true) {
      long end = end(start);
      Name name = Name.fromNative(start, (int) (end - start));
      if (NativeMemory.getByte(end) == 0) {
        return child(parent, name);
      }
      parent = directory(parent, name);
      start = end + 1;
    }
  }

  /** The directory of a path and the name in it; not for the root. */
  Place place(long path) throws ErrnoException {
    DirNode parent = fs.root();
    long start = path + 1;
    while (true) {
      long end = end(start);
      Name name = Name.fromNative(start, (int) (end - start));
      if (NativeMemory.getByte(end) == 0) {
        return new Place(parent, name);
      }
      parent = directory(parent, name);
      start = end + 1;
    }
  }

  /**
   * As {@link #place}, for a name to be made. A hidden name is taken for libfuse, though it is not
   * in the directory.
   *
   * @throws ErrnoException {@code EBUSY} if the name is a hidden one
   */
  Place newPlace(long path) throws ErrnoException {
    Place place = place(path);
    if (hidden.find(place.parent, place.name) != null) {
      throw ErrnoException.of(Errno.EBUSY);
    }
    return place;
  }

  private Node child(DirNode parent, Name name) throws ErrnoException {
    // A program that looks for a hidden name does not find it; libfuse itself does.
    if (RequestThread.currentOpcode() != RequestThread.LOOKUP) {
      Node node = hidden.find(parent, name);
      if (node != null) {
        return node;
      }
    }
    return require(fs.lookup(parent, name));
  }

  private DirNode directory(DirNode parent, Name name) throws ErrnoException {
    if (require(fs.lookup(parent, name)) instanceof DirNode directory) {
      return directory;
    }
    throw ErrnoException.of(Errno.ENOTDIR);
  }

  private static Node require(@Nullable Node node) throws ErrnoException {
    if (node == null) {
      throw ErrnoException.of(Errno.ENOENT);
    }
    return node;
  }

  /** The address of the slash or NUL that ends the component. */
  private static long end(long start) {
    long at = start;
    while (true) {
      byte b = NativeMemory.getByte(at);
      if (b == 0 || b == SLASH) {
        return at;
      }
      at++;
    }
  }

  /** The path as text, with what is not printable escaped. */
  static String show(long path) {
    StringBuilder text = new StringBuilder();
    long start = path;
    while (true) {
      long end = end(start);
      text.append(Name.fromNative(start, (int) (end - start)));
      if (NativeMemory.getByte(end) == 0) {
        return text.toString();
      }
      text.append('/');
      start = end + 1;
    }
  }
}
