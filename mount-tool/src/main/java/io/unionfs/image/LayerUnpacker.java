package io.unionfs.image;

import io.unionfs.image.LayerEntry.Kind;
import io.unionfs.image.UnpackedTree.Dir;
import io.unionfs.stack.LowerIndex;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/*
 * An archive may say anything. Every object is made by its last name in a directory that was made here
 * and is held by descriptor, so there is no path that could lead out of the tree: not "..", not a symbolic
 * link that an earlier entry made. Of two entries for one name the later counts, as for tar; what cannot
 * be meant, such as a file in a file, is an error.
 *
 * Directories get owner, mode, extended attributes and times last, for they change while they are filled.
 */
/** Makes a lower directory of the entries of a layer. */
final class LayerUnpacker implements LayerSink {
  private final UnpackedTree tree;
  private final ObjectWriter objects;
  private final UnpackLimit limit;
  private final LayersBelow below;
  private final List<EntryPath> copied = new ArrayList<>();

  /**
   * @param below the layers that this one lies on, where they are known
   */
  LayerUnpacker(UnpackedTree tree, ObjectWriter objects, UnpackLimit limit, LayersBelow below) {
    this.tree = tree;
    this.objects = objects;
    this.limit = limit;
    this.below = below;
  }

  @Override
  public void put(LayerEntry entry, Content content) throws IOException, ErrnoException {
    Interruptions.check();
    if (entry.path().isRoot()) {
      putRoot(entry);
      return;
    }
    Dir parent = directory(entry, entry.path().parent());
    SharedFd fd = parent.at().pin();
    try {
      put(parent, fd.fd(), entry, content);
    } finally {
      fd.unpin();
    }
  }

  private void putRoot(LayerEntry entry) throws ErrnoException {
    if (entry.kind() == Kind.OPAQUE) {
      tree.root().setOpaque();
    } else {
      tree.root().describe(entry.required());
    }
  }

  /* The directory of a path, made where it is missing. */
  private Dir directory(LayerEntry entry, EntryPath path) throws IOException, ErrnoException {
    Dir at = tree.root();
    tree.imply(at, below, entry);
    for (Name name : path.names()) {
      Dir next = at.child(name);
      if (next == null) {
        limit.object();
        next = implied(at, name);
      }
      at = next;
      tree.imply(at, below, entry);
    }
    return at;
  }

  private Dir implied(Dir parent, Name name) throws IOException, ErrnoException {
    SharedFd fd = parent.at().pin();
    try {
      int mode = tree.typeOf(parent, name);
      if (mode == UnpackedTree.ABSENT || mode == UnpackedTree.WHITEOUT) {
        return makeDirectory(parent, fd.fd(), name, mode == UnpackedTree.WHITEOUT);
      }
      throw new LayerException(
          mode == Linux.S_IFLNK
              ? "it lies behind the symbolic link " + parent.path().child(name)
              : "it lies in " + parent.path().child(name) + ", which is no directory");
    } finally {
      fd.unpin();
    }
  }

  private Dir makeDirectory(Dir parent, int fd, Name name, boolean overWhiteout)
      throws ErrnoException {
    Sys sys = tree.sys();
    if (overWhiteout) {
      sys.unlinkat(fd, name, 0);
    }
    sys.mkdirat(fd, name, 0700);
    Dir made = parent.add(name);
    if (parent.isMarked(name)) {
      made.setOpaque();
    }
    return made;
  }

  private void put(Dir parent, int fd, LayerEntry entry, Content content)
      throws IOException, ErrnoException {
    Name name = entry.path().last();
    limit.object();
    switch (entry.kind()) {
      case DIRECTORY -> putDirectory(parent, fd, name, entry);
      case WHITEOUT -> putWhiteout(parent, fd, name);
      case OPAQUE -> putOpaque(parent, name, entry);
      case HARD_LINK -> putHardLink(parent, fd, name, entry);
      default -> {
        tree.clear(parent, name);
        objects.write(fd, name, entry, content, limit);
      }
    }
  }

  private void putDirectory(Dir parent, int fd, Name name, LayerEntry entry) throws ErrnoException {
    Dir present = parent.child(name);
    if (present == null) {
      boolean overWhiteout = tree.typeOf(parent, name) == UnpackedTree.WHITEOUT;
      if (!overWhiteout) {
        tree.clear(parent, name);
      }
      present = makeDirectory(parent, fd, name, overWhiteout);
    }
    present.describe(entry.required());
  }

  /*
   * A whiteout is for the layers below: what this one has under the name stays, and what it gets there later
   * hides them as well.
   */
  private void putWhiteout(Dir parent, int fd, Name name) throws ErrnoException {
    parent.hide(name);
    Dir present = parent.child(name);
    if (present != null) {
      present.setOpaque();
    } else if (tree.typeOf(parent, name) == UnpackedTree.ABSENT) {
      tree.marks().whiteouts().make(fd, name);
      parent.setHoldsWhiteouts();
    }
  }

  private void putOpaque(Dir parent, Name name, LayerEntry entry)
      throws IOException, ErrnoException {
    Dir present = parent.child(name);
    if (present == null) {
      present = implied(parent, name);
      tree.imply(present, below, entry);
    }
    parent.hide(name);
    present.setOpaque();
  }

  private void putHardLink(Dir parent, int fd, Name name, LayerEntry entry)
      throws IOException, ErrnoException {
    EntryPath target = EntryPath.parse(entry.link());
    if (target.equals(entry.path())) {
      throw new LayerException("it is a hard link to itself");
    }
    Dir holder = target.isRoot() ? null : tree.find(target.parent());
    int type = holder == null ? UnpackedTree.ABSENT : tree.typeOf(holder, target.last());
    if (type == UnpackedTree.ABSENT) {
      copyFromBelow(entry, target);
      holder = tree.find(target.parent());
      type = Linux.S_IFREG;
    }
    if (holder == null || type == Linux.S_IFDIR || type == UnpackedTree.WHITEOUT) {
      throw new LayerException("it is a hard link to " + target + ", which is no file");
    }
    tree.clear(parent, name);
    SharedFd from = holder.at().pin();
    try {
      int errno = tree.sys().tryLinkat(from.fd(), target.last(), fd, name);
      if (errno != 0) {
        throw new LayerException(
            "it cannot be made a hard link to " + target + ": " + Errno.message(errno));
      }
    } finally {
      from.unpin();
    }
  }

  /* As a copy-up: the file gets a place in this layer, and stays one under all its names. */
  private void copyFromBelow(LayerEntry entry, EntryPath target)
      throws IOException, ErrnoException {
    copied.add(target);
    requireShown(target);
    if (!below.copy(target, this)) {
      throw new LayerException(
          "it is a hard link to "
              + target
              + ", which is not in the layer"
              + (below.isKnown() ? " and no file in those below" : "; see --lower")
              + ": "
              + entry.path());
    }
  }

  private void requireShown(EntryPath target) throws LayerException {
    if (tree.hides(target)) {
      throw new LayerException(
          "it has a hard link to " + target + ", which a mark of the layer itself hides");
    }
  }

  /** Gives all directories what the layer says of them. Nothing may be put afterwards. */
  void finish() throws IOException, ErrnoException {
    for (EntryPath target : copied) {
      requireShown(target); // a mark may stand behind the link
    }
    tree.imply(tree.root(), below, null);
    if (tree.root().isOpaque() && below.isKnown()) {
      hideRoots();
    }
    objects.finish(tree);
  }

  /* The root of a layer is always merged, so what lies below gets a mark for each name. */
  private void hideRoots() throws IOException, ErrnoException {
    Dir root = tree.root();
    LowerIndex there = below.root();
    SharedFd fd = root.at().pin();
    try {
      for (int i = 0; i < there.size(); i++) {
        if (there.isShown(i)) {
          limit.object();
          putWhiteout(root, fd.fd(), there.name(i));
        }
      }
    } finally {
      fd.unpin();
    }
  }

  /** A descriptor for a new file. */
  static Fd create(Sys sys, int dirFd, Name name) throws ErrnoException {
    int flags = Linux.O_CREAT | Linux.O_EXCL | Linux.O_WRONLY;
    return new Fd(sys, sys.openat(dirFd, name, flags, 0600));
  }
}
