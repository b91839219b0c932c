package io.unionfs.image;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.layer.TreeRemoval;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The directories of a layer that is being unpacked. Every directory of the tree is in it. */
final class UnpackedTree {
  /** What {@link #typeOf} says of a name that the tree does not have. */
  static final int ABSENT = 0;

  /** What it says of a whiteout, which is no type of the host. */
  static final int WHITEOUT = -1;

  private static final int PLAIN_MODE = 0755;

  private final Layer layer;
  private final Marks marks;
  private final int owner;
  private final int group;
  private final Dir root;

  /**
   * @param owner of directories of which nothing is known
   */
  UnpackedTree(Layer layer, Marks marks, int owner, int group) {
    this.layer = layer;
    this.marks = marks;
    this.owner = owner;
    this.group = group;
    this.root = new Dir(layer.root(), EntryPath.ROOT);
  }

  /** A directory, and what it is to become in the end. */
  static final class Dir {
    private final LayerDir at;
    private final EntryPath path;
    private Map<Name, Dir> children = Map.of();
    private Set<Name> hidden = Set.of();
    private @Nullable Attributes described;
    private @Nullable Attributes implied;
    private boolean opaque;
    private boolean holdsWhiteouts;

    Dir(LayerDir at, EntryPath path) {
      this.at = at;
      this.path = path;
    }

    LayerDir at() {
      return at;
    }

    EntryPath path() {
      return path;
    }

    @Nullable Dir child(Name name) {
      return children.get(name);
    }

    Map<Name, Dir> children() {
      return children;
    }

    Dir add(Name name) {
      if (children.isEmpty()) {
        children = new HashMap<>();
      }
      Dir made = new Dir(at.child(name), path.child(name));
      children.put(name, made);
      return made;
    }

    /** A mark says that nothing of the layers below shows under a name, whatever this one has. */
    void hide(Name name) {
      if (hidden.isEmpty()) {
        hidden = new HashSet<>();
      }
      hidden.add(name);
    }

    /** Whether such a mark was said of the name itself. */
    boolean isMarked(Name name) {
      return hidden.contains(name);
    }

    /** Whether nothing of the layers below shows under a name. */
    boolean hides(Name name) {
      return opaque || hidden.contains(name);
    }

    void describe(Attributes attributes) {
      described = attributes;
    }

    Attributes attributes() {
      Attributes said = described;
      Attributes other = implied;
      if (said != null) {
        return said;
      }
      if (other == null) {
        throw new IllegalStateException("nothing is known of " + path);
      }
      return other;
    }

    void setOpaque() {
      opaque = true;
    }

    boolean isOpaque() {
      return opaque;
    }

    void setHoldsWhiteouts() {
      holdsWhiteouts = true;
    }

    boolean holdsWhiteouts() {
      return holdsWhiteouts;
    }
  }

  Sys sys() {
    return layer.root().sys();
  }

  Layer layer() {
    return layer;
  }

  Marks marks() {
    return marks;
  }

  Dir root() {
    return root;
  }

  /**
   * Sees to it that something is known of a directory: what a layer below says, for this one would
   * hide that; else it is plain, like the entry that needed it.
   */
  void imply(Dir dir, LayersBelow below, @Nullable LayerEntry entry)
      throws IOException, ErrnoException {
    if (dir.described != null || dir.implied != null) {
      return;
    }
    Attributes there = below.directory(dir.path);
    Attributes like = entry == null || dir.path.isRoot() ? null : entry.attributes();
    dir.implied =
        there != null
            ? there
            : new Attributes(
                PLAIN_MODE,
                owner,
                group,
                like == null ? 0 : like.mtime(),
                like == null ? 0 : like.mtimeNsec(),
                new TreeMap<>());
  }

  /** The directory of a path, or null. */
  @Nullable Dir find(EntryPath path) {
    Dir at = root;
    for (Name name : path.names()) {
      Dir next = at.child(name);
      if (next == null) {
        return null;
      }
      at = next;
    }
    return at;
  }

  /** Whether a mark of this layer hides what the layers below have under a path. */
  boolean hides(EntryPath path) {
    Dir at = root;
    for (Name name : path.names()) {
      if (at.hides(name)) {
        return true;
      }
      Dir next = at.child(name);
      if (next == null) {
        return false;
      }
      at = next;
    }
    return false;
  }

  /** The type bits of what a directory has under a name, {@link #ABSENT}, or {@link #WHITEOUT}. */
  int typeOf(Dir dir, Name name) throws ErrnoException {
    Stat stat = new Stat();
    int errno = dir.at().tryStat(name, stat);
    if (errno == Errno.ENOENT) {
      return ABSENT;
    }
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
    return marks.whiteouts().isWhiteout(dir.at(), name, stat) ? WHITEOUT : stat.type();
  }

  /** Removes what a directory has under a name, with everything below it. */
  void clear(Dir dir, Name name) throws ErrnoException {
    if (dir.child(name) != null) {
      TreeRemoval.remove(dir.at(), name);
      dir.children().remove(name);
      return;
    }
    SharedFd fd = dir.at().pin();
    try {
      int errno = sys().tryUnlinkat(fd.fd(), name, 0);
      if (errno != 0 && errno != Errno.ENOENT) {
        throw ErrnoException.of(errno);
      }
    } finally {
      fd.unpin();
    }
  }
}
