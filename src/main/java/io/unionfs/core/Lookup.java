package io.unionfs.core;

import io.unionfs.core.Identities.HostInode;
import io.unionfs.core.Nodes.FoundFile;
import io.unionfs.layer.LayerDir;
import io.unionfs.stack.LowerIndex;
import io.unionfs.stack.Resolution;
import io.unionfs.stack.Resolution.Kind;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** From names to nodes. */
final class Lookup {
  private final UnionState union;
  private final HardLinks hardLinks;
  private final OriginNumbers numbers;

  Lookup(UnionState union, HardLinks hardLinks, OriginNumbers numbers) {
    this.union = union;
    this.numbers = numbers;
    this.hardLinks = hardLinks;
  }

  /** The node of a name; null where there is none. */
  @Nullable Node find(DirNode parent, Name name) throws ErrnoException {
    return find(parent, name, null);
  }

  /**
   * The same; where the layers had to be asked, {@code out} gets the attributes that they told,
   * else its inode number is 0.
   */
  @Nullable Node find(DirNode parent, Name name, @Nullable Stat out) throws ErrnoException {
    UnionState.checkName(name);
    if (out != null) {
      out.ino = 0;
    }
    if (union.marks().whiteouts().isReserved(name) || parent.isRemoved()) {
      return null; // a directory that was discarded had entries
    }
    Object cached = union.cache().find(parent, name);
    if (cached != null) {
      return LookupCache.isAbsent(cached) ? null : (Node) cached;
    }
    LowerIndex index = index(parent);
    union.locks().lockRead(parent);
    try {
      return out == null ? findLocked(parent, name, index) : ask(parent, name, index, out);
    } finally {
      union.locks().unlockRead(parent);
    }
  }

  /** The same for a caller that holds the directory's lock, for reading or writing. */
  @Nullable Node findLocked(DirNode parent, Name name, @Nullable LowerIndex index)
      throws ErrnoException {
    if (parent.isRemoved()) {
      return null;
    }
    Object cached = union.cache().find(parent, name);
    if (cached != null) {
      return LookupCache.isAbsent(cached) ? null : (Node) cached;
    }
    return ask(parent, name, index, null);
  }

  /**
   * Whether nothing has a name, for who is about to make something new there that replaces nothing;
   * the directory is locked as for {@link #findLocked}.
   */
  boolean isAbsentLocked(DirNode parent, Name name, @Nullable LowerIndex index)
      throws ErrnoException {
    return union.cache().isJustAbsent(parent, name) || findLocked(parent, name, index) == null;
  }

  /* Asks the layers; the directory is locked. */
  private @Nullable Node ask(
      DirNode parent, Name name, @Nullable LowerIndex index, @Nullable Stat out)
      throws ErrnoException {
    if (parent.isRemoved()) {
      return null; // meanwhile
    }
    Resolution found = resolve(parent, name, index);
    boolean remember = out == null; // who wants the attributes keeps them, and the name with them
    if (!found.exists()) {
      if (remember) {
        union.cache().putAbsent(parent, name);
      } else {
        union.cache().noteAbsent(parent, name);
      }
      return null;
    }
    Node node =
        found.kind() == Kind.DIRECTORY ? directory(parent, name, found) : file(parent, name, found);
    if (remember) {
      union.cache().put(parent, name, node);
      if (node.isRemoved()) {
        union.cache().forget(parent, name); // by another of its names, meanwhile
      }
    } else if (out != null && isOf(found, node)) {
      out.copyFrom(stat(found));
    }
    return node;
  }

  /* Whether what was found is what provides the node's attributes: not so for a name of a lower hard
  link whose copy is in the index. */
  private static boolean isOf(Resolution found, Node node) {
    if (node instanceof DirNode dir) {
      LayerDir first = found.parts().get(0);
      return first.layer().writable() == (dir.upper() != null);
    }
    LayerDir in = found.dir();
    return in != null && in.layer().writable() == ((FileNode) node).copiedUp();
  }

  private Resolution resolve(DirNode parent, Name name, @Nullable LowerIndex index)
      throws ErrnoException {
    LayerDir upper = parent.upper();
    return index != null
        ? union.rules().resolve(upper, parent.lowers(), index, name)
        : union.rules().resolve(upper, parent.lowers(), name);
  }

  /**
   * The index of a directory's lowers, or null where asking the layers costs no more: with one
   * lower a name costs one system call either way.
   */
  @Nullable LowerIndex index(DirNode dir) throws ErrnoException {
    return dir.lowers().size() < 2 || dir.indexTooLarge() ? null : readIndex(dir);
  }

  /** The index of a directory's lowers, however many there are. */
  LowerIndex readIndex(DirNode dir) throws ErrnoException {
    LowerIndex known = union.cache().index(dir);
    if (known != null) {
      return known;
    }
    LowerIndex read = LowerIndex.read(union.marks(), dir.lowers());
    if (!union.cache().putIndex(dir, read)) {
      dir.setIndexTooLarge();
    }
    return read;
  }

  /** What the lowers alone show under a name. */
  Resolution below(DirNode parent, Name name) throws ErrnoException {
    LowerIndex index = index(parent);
    return index != null
        ? union.rules().resolve(parent.lowers(), index, name)
        : union.rules().resolve(parent.lowers(), name);
  }

  /** Whether removing a name from the upper would let a lower's show through. */
  boolean existsBelow(DirNode parent, Name name) throws ErrnoException {
    if (parent.lowers().isEmpty()) {
      return false;
    }
    LowerIndex index = index(parent);
    if (index != null) {
      return index.find(name) >= 0;
    }
    return union.rules().resolve(parent.lowers(), name).exists();
  }

  /** Whether the lowers alone show a merged directory under its name, and the same one. */
  boolean isBelow(DirNode parent, Name name, DirNode dir) throws ErrnoException {
    if (dir.lowers().isEmpty() || parent.lowers().isEmpty()) {
      return false;
    }
    Resolution found = below(parent, name);
    if (found.kind() != Kind.DIRECTORY || found.parts().size() != dir.lowers().size()) {
      return false;
    }
    Stat top = stat(found);
    return union.identities().shown(top.dev, top.ino) == dir.ino();
  }

  private DirNode directory(DirNode parent, Name name, Resolution found) throws ErrnoException {
    List<LayerDir> parts = found.parts();
    LayerDir first = parts.get(0);
    LayerDir upper = first.layer().writable() ? first : null;
    List<LayerDir> lowers = upper == null ? parts : parts.subList(1, parts.size());
    Stat identity = stat(found);
    if (upper != null && !lowers.isEmpty()) {
      identity = new Stat();
      lowers.get(0).stat(identity);
    }
    int generation =
        lowers.isEmpty() ? upperGeneration(first, identity) : Generations.ofLower(identity);
    HostInode host = union.identities().host(identity.dev, identity.ino);
    return union
        .nodes()
        .directory(host, host.shown(), generation, parent, name, upper, List.copyOf(lowers));
  }

  private int upperGeneration(LayerDir dir, Stat stat) throws ErrnoException {
    LayerDir above = dir.parent();
    if (above == null) {
      return Generations.ofLower(stat);
    }
    SharedFd fd = above.pin();
    try {
      return Generations.ofUpper(union.sys(), fd.fd(), dir.name(), stat);
    } finally {
      fd.unpin();
    }
  }

  private static Stat stat(Resolution found) {
    Stat stat = found.stat();
    if (stat == null) {
      throw new IllegalStateException("no attributes of " + found.name());
    }
    return stat;
  }

  private FileNode file(DirNode parent, Name name, Resolution found) throws ErrnoException {
    LayerDir dir = found.dir();
    if (dir == null) {
      throw new IllegalStateException("no directory of " + found.name());
    }
    Stat stat = stat(found);
    if (dir.layer().writable()) {
      return union.nodes().file(describeUpper(dir, name, stat, found.data()), parent, name, true);
    }
    HardLinks.Indexed indexed = stat.nlink > 1 ? hardLinks.find(dir, name) : null;
    if (indexed != null) {
      return union.nodes().file(describeIndexed(found, dir, indexed), parent, name, false);
    }
    HostInode host = union.identities().host(stat.dev, stat.ino);
    FoundFile lower =
        new FoundFile(
            host,
            host.shown(),
            Generations.ofLower(stat),
            stat,
            false,
            null,
            0,
            dir,
            name,
            stat.nlink,
            found.data());
    return union.nodes().file(lower, parent, name, false);
  }

  /** Describes a file of the upper layer. */
  private FoundFile describeUpper(LayerDir dir, Name name, Stat stat, @Nullable Place data)
      throws ErrnoException {
    long ino = union.identities().shown(stat.dev, stat.ino);
    int generation = 0;
    Name index = null;
    int difference = 0;
    SharedFd fd = dir.pin();
    try {
      FileHandle origin = union.marks().origin(fd.fd(), name);
      Stat lower = origin == null ? null : hardLinks.resolve(origin);
      if (lower != null && isCopyOf(stat, lower)) {
        ino = union.identities().shown(lower.dev, lower.ino);
        generation = Generations.ofLower(lower);
      } else {
        OriginNumbers.Shown shown = numbers.read(fd.fd(), name, stat.type());
        if (shown != null) {
          ino = shown.ino();
          generation = shown.generation();
        }
      }
      index = origin == null ? null : hardLinks.indexEntryOf(origin, stat);
      if (index != null) {
        int lowerNlink = lower == null ? 1 : lower.nlink;
        Integer recorded = union.marks().nlinkDifference(fd.fd(), name, stat.nlink, lowerNlink);
        difference = recorded == null ? -1 : recorded;
      }
      if (generation == 0) {
        generation = Generations.ofUpper(union.sys(), fd.fd(), name, stat);
      }
    } finally {
      fd.unpin();
    }
    return new FoundFile(
        union.identities().host(stat.dev, stat.ino),
        ino,
        generation,
        stat,
        true,
        index,
        difference,
        null,
        null,
        0,
        data);
  }

  /* A layer that keeps owners in xattrs has a regular file in place of a special one. */
  private static boolean isCopyOf(Stat upper, Stat lower) {
    boolean special = !upper.isDirectory() && !upper.isSymlink();
    return lower.type() == upper.type() || (special && lower.isRegular());
  }

  private FoundFile describeIndexed(Resolution found, LayerDir lowerDir, HardLinks.Indexed indexed)
      throws ErrnoException {
    Stat lower = stat(found);
    WorkDir work = union.work();
    LayerDir indexDir = work == null ? null : work.index();
    if (indexDir == null) {
      throw ErrnoException.of(Errno.ESTALE);
    }
    Stat copy = indexed.stat();
    SharedFd fd = indexDir.pin();
    try {
      Integer recorded =
          union.marks().nlinkDifference(fd.fd(), indexed.name(), copy.nlink, lower.nlink);
      return new FoundFile(
          union.identities().host(copy.dev, copy.ino),
          union.identities().shown(lower.dev, lower.ino),
          Generations.ofLower(lower),
          copy,
          true,
          indexed.name(),
          recorded == null ? -1 : recorded,
          lowerDir,
          found.name(),
          lower.nlink,
          dataOf(found, lowerDir, indexDir, indexed));
    } finally {
      fd.unpin();
    }
  }

  /* Kernel overlayfs's copy in the index may be without data, like any other. */
  private @Nullable Place dataOf(
      Resolution found, LayerDir lowerDir, LayerDir indexDir, HardLinks.Indexed indexed)
      throws ErrnoException {
    if (!indexed.stat().isRegular() || !union.marks().isMetacopy(indexDir, indexed.name())) {
      return null;
    }
    Place below = found.data();
    return below != null ? below : new Place(lowerDir, found.name());
  }
}
