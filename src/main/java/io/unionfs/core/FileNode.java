package io.unionfs.core;

import io.unionfs.layer.LayerDir;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Anything of the union that is no directory: a regular file, link, fifo, socket or device. */
public final class FileNode extends Node {
  /**
   * One name of the file.
   *
   * @param inUpper whether the upper layer has an entry there; false while only a lower has it
   */
  record Link(DirNode parent, Name name, boolean inUpper) {
    boolean isAt(DirNode dir, Name child) {
      return parent == dir && name.equals(child);
    }
  }

  /**
   * Where the file is.
   *
   * @param copiedUp whether its content is the upper layer's
   * @param links its known names; empty once it is removed
   * @param index its entry in the work dir's index, null where it has none
   */
  record Placement(boolean copiedUp, List<Link> links, @Nullable Name index) {
    @Nullable Link linkAt(DirNode dir, Name child) {
      for (int i = 0; i < links.size(); i++) { // an iterator would be garbage of each request
        Link link = links.get(i);
        if (link.isAt(dir, child)) {
          return link;
        }
      }
      return null;
    }

    /** Whether a name is the last one of a copy, which then is not to be found any more. */
    boolean isLastOfCopy(DirNode dir, Name child) {
      Link link = linkAt(dir, child);
      return link != null && link.inUpper() && !withoutLink(dir, child).hasCopy();
    }

    /** Whether the upper's file is found by a name of the upper or in the index. */
    boolean hasCopy() {
      return index != null || links.stream().anyMatch(Link::inUpper);
    }

    Placement withLink(Link added) {
      List<Link> now = new ArrayList<>(links.size() + 1);
      for (Link link : links) {
        if (!link.isAt(added.parent, added.name)) {
          now.add(link);
        }
      }
      now.add(added);
      return new Placement(copiedUp, List.copyOf(now), index);
    }

    /** The same with one link before the others, or instead of them. */
    Placement withFirst(Link first, boolean alone) {
      boolean isFirst = !links.isEmpty() && links.get(0).isAt(first.parent, first.name);
      if (isFirst && (links.size() == 1 || !alone)) {
        return this;
      }
      List<Link> now = new ArrayList<>(links.size() + 1);
      now.add(first);
      if (!alone) {
        now.addAll(withoutLink(first.parent, first.name).links);
      }
      return new Placement(copiedUp, List.copyOf(now), index);
    }

    Placement withIndex(@Nullable Name entry) {
      return new Placement(copiedUp, links, entry);
    }

    Placement withoutLink(DirNode dir, Name child) {
      List<Link> now = new ArrayList<>(links.size());
      for (Link link : links) {
        if (!link.isAt(dir, child)) {
          now.add(link);
        }
      }
      return new Placement(copiedUp, List.copyOf(now), index);
    }
  }

  private static final AtomicReferenceFieldUpdater<FileNode, Placement> PLACEMENT =
      AtomicReferenceFieldUpdater.newUpdater(FileNode.class, Placement.class, "placement");

  private static final AtomicIntegerFieldUpdater<FileNode> NLINK_DIFFERENCE =
      AtomicIntegerFieldUpdater.newUpdater(FileNode.class, "nlinkDifference");

  /* Null for a file that was made in the upper; replaced where others rename it behind the mount. */
  private volatile @Nullable Place lower;

  /* Where the data are while what is in the upper, or in the topmost lower, is without (metacopy). */
  private volatile @Nullable Place data;
  private final int lowerNlink;

  /* Links of a directory change under its write lock; the reference makes changes by others safe. */
  private volatile Placement placement;

  /* Names in the union less links of the upper inode, for an indexed file. */
  private volatile int nlinkDifference;

  /* Whether the upper inode's number is not the one shown: the file came from a lower. */
  private volatile boolean foreign;

  private volatile boolean removed;

  /* Made without a name (O_TMPFILE), and not given one yet. */
  private volatile boolean unnamed;

  /* The descriptor that keeps a removed upper file usable while it is referenced. */
  private volatile @Nullable SharedFd orphan;

  FileNode(
      long id,
      long ino,
      int type,
      int generation,
      Placement placement,
      @Nullable LayerDir lowerDir,
      @Nullable Name lowerName,
      int lowerNlink) {
    super(id, ino, type, generation);
    this.placement = placement;
    this.lower = lowerDir == null || lowerName == null ? null : new Place(lowerDir, lowerName);
    this.lowerNlink = lowerNlink;
  }

  public boolean isRegular() {
    return type() == Linux.S_IFREG;
  }

  public boolean isSymlink() {
    return type() == Linux.S_IFLNK;
  }

  Placement placement() {
    return placement;
  }

  Placement update(UnaryOperator<Placement> change) {
    while (true) {
      Placement before = placement;
      Placement after = change.apply(before);
      if (PLACEMENT.compareAndSet(this, before, after)) {
        return after;
      }
    }
  }

  public boolean copiedUp() {
    return placement.copiedUp();
  }

  /** Whether a lower has the file; else it was made in the upper. */
  boolean hasLower() {
    return lower != null;
  }

  /** The file's name in a lower. */
  Place requireLower() {
    Place place = lower;
    if (place == null) {
      throw new IllegalStateException("no lower file: " + path());
    }
    return place;
  }

  void setLower(LayerDir dir, Name name) {
    lower = new Place(dir, name);
  }

  /** Where the data are if not where the file is; null for all but metacopy files. */
  @Nullable Place data() {
    return data;
  }

  /** Notes where the data are; null once they are in the upper. */
  void setData(@Nullable Place place) {
    data = place;
  }

  /** Whether the file's data, and not only its attributes, are the upper layer's. */
  boolean dataInUpper() {
    return placement.copiedUp() && data == null;
  }

  int lowerNlink() {
    return lowerNlink;
  }

  int nlinkDifference() {
    return nlinkDifference;
  }

  void setNlinkDifference(int difference) {
    nlinkDifference = difference;
  }

  int addNlinkDifference(int change) {
    return NLINK_DIFFERENCE.addAndGet(this, change);
  }

  boolean isForeign() {
    return foreign;
  }

  void setForeign() {
    foreign = true;
  }

  @Override
  boolean isRemoved() {
    return removed;
  }

  void markRemoved() {
    removed = true;
  }

  boolean isUnnamed() {
    return unnamed;
  }

  void setUnnamed(boolean value) {
    unnamed = value;
  }

  @Nullable SharedFd orphan() {
    return orphan;
  }

  void setOrphan(SharedFd kept) {
    orphan = kept;
  }

  @Nullable SharedFd takeOrphan() {
    SharedFd kept = orphan;
    orphan = null;
    return kept;
  }

  @Override
  String path() {
    List<Link> links = placement.links();
    if (links.isEmpty()) {
      return "(removed node " + id() + ")";
    }
    String parent = links.get(0).parent().path();
    return (parent.equals("/") ? "" : parent) + "/" + links.get(0).name();
  }
}
