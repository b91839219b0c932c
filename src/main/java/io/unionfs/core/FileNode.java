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

/*
 * A walk makes a node of every file that it passes, and most of them stay as they were found: in a lower, with
 * one known name. The objects that say more (a Placement with its Link, a Place) are made when somebody
 * asks, so that such a node costs a third less of the heap, and of the collector's time.
 */
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

  private static final AtomicReferenceFieldUpdater<FileNode, Place> LOWER =
      AtomicReferenceFieldUpdater.newUpdater(FileNode.class, Place.class, "lower");

  private static final AtomicIntegerFieldUpdater<FileNode> NLINK_DIFFERENCE =
      AtomicIntegerFieldUpdater.newUpdater(FileNode.class, "nlinkDifference");

  /* The lower's directory and the name, there and in the union, that a file in a lower was found by. */
  private final @Nullable LayerDir foundIn;
  private final @Nullable Name foundName;

  /* The directory of the union that it was found in; null once there is a placement. */
  private volatile @Nullable DirNode foundBelow;

  /* Replaced where others rename it behind the mount; null for what is told by where it was found. */
  private volatile @Nullable Place lower;

  /* Where the data are while what is in the upper, or in the topmost lower, is without (metacopy). */
  private volatile @Nullable Place data;
  private final int lowerNlink;

  /*
   * Links of a directory change under its write lock; the reference makes changes by others safe. Null while
   * the file is where it was found.
   */
  private volatile @Nullable Placement placement;

  /* Names in the union less links of the upper inode, for an indexed file. */
  private volatile int nlinkDifference;

  /* Whether the upper inode's number is not the one shown: the file came from a lower. */
  private volatile boolean foreign;

  private volatile boolean removed;

  /* Made without a name (O_TMPFILE), and not given one yet. */
  private volatile boolean unnamed;

  /* The descriptor that keeps a removed upper file usable while it is referenced. */
  private volatile @Nullable SharedFd orphan;

  /**
   * A file that is somewhere.
   *
   * @param lower the file in a lower; null where it was made in the upper
   */
  FileNode(
      long id,
      long ino,
      int type,
      int generation,
      Placement placement,
      @Nullable Place lower,
      int lowerNlink) {
    super(id, ino, type, generation);
    this.placement = placement;
    this.lower = lower;
    this.lowerNlink = lowerNlink;
    this.foundIn = null;
    this.foundName = null;
  }

  /** A file of a lower that was found there by the name that it has in the union. */
  FileNode(
      long id,
      long ino,
      int type,
      int generation,
      DirNode parent,
      Name name,
      LayerDir lowerDir,
      int lowerNlink) {
    super(id, ino, type, generation);
    this.lowerNlink = lowerNlink;
    this.foundIn = lowerDir;
    this.foundName = name;
    this.foundBelow = parent; // the last, for those who see it without a lock
  }

  public boolean isRegular() {
    return type() == Linux.S_IFREG;
  }

  public boolean isSymlink() {
    return type() == Linux.S_IFLNK;
  }

  Placement placement() {
    while (true) {
      Placement present = placement;
      if (present != null) {
        return present;
      }
      DirNode parent = foundBelow;
      Name name = foundName;
      if (parent != null && name != null) { // else somebody else has just made the placement
        Placement made = new Placement(false, List.of(new Link(parent, name, false)), null);
        if (PLACEMENT.compareAndSet(this, null, made)) {
          foundBelow = null;
          return made;
        }
      }
    }
  }

  Placement update(UnaryOperator<Placement> change) {
    while (true) {
      Placement before = placement();
      Placement after = change.apply(before);
      if (PLACEMENT.compareAndSet(this, before, after)) {
        return after;
      }
    }
  }

  public boolean copiedUp() {
    Placement present = placement;
    return present != null && present.copiedUp();
  }

  /** Its entry in the work dir's index, null where it has none. */
  @Nullable Name index() {
    Placement present = placement;
    return present == null ? null : present.index();
  }

  /** Whether it is known under a name. */
  boolean hasLinkAt(DirNode dir, Name child) {
    DirNode parent = foundBelow;
    if (placement == null && parent != null) {
      return parent == dir && isFoundName(child);
    }
    return placement().linkAt(dir, child) != null;
  }

  private boolean isFoundName(Name name) {
    Name found = foundName;
    return found != null && found.equals(name);
  }

  /** Whether nothing in the union leads to it. */
  boolean hasNoName() {
    Placement present = placement;
    return removed || (present != null && present.links().isEmpty() && !present.copiedUp());
  }

  /** Whether a lower has the file; else it was made in the upper. */
  boolean hasLower() {
    return foundIn != null || lower != null;
  }

  /** The file's name in a lower. */
  Place requireLower() {
    while (true) {
      Place place = lower;
      if (place != null) {
        return place;
      }
      LayerDir dir = foundIn;
      Name name = foundName;
      if (dir == null || name == null) {
        throw new IllegalStateException("no lower file: " + path());
      }
      LOWER.compareAndSet(this, null, new Place(dir, name));
    }
  }

  void setLower(LayerDir dir, Name name) {
    Place place = lower;
    boolean same =
        place == null
            ? dir == foundIn && isFoundName(name)
            : dir == place.dir() && name.equals(place.name());
    if (!same) {
      lower = new Place(dir, name);
    }
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
    return copiedUp() && data == null;
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
    List<Link> links = placement().links();
    if (links.isEmpty()) {
      return "(removed node " + id() + ")";
    }
    String parent = links.get(0).parent().path();
    return (parent.equals("/") ? "" : parent) + "/" + links.get(0).name();
  }
}
