package io.unionfs.core;

import io.unionfs.layer.LayerDir;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A directory of the union. */
public final class DirNode extends Node {
  static final int UNKNOWN = -1;

  /** Where the directory stands in the tree; replaced as one by a rename. */
  record Place(@Nullable DirNode parent, Name name) {}

  private final List<LayerDir> lowers;

  /* Published by copy-up and rename, under the write locks of the parents involved. */
  private volatile Place place;

  /*
   * Published by copy-up under the parent's write lock. Null again only by a Discarding, while no
   * operation that changes something runs: those rely on what they copied up.
   */
  private volatile @Nullable LayerDir upper;

  /* Set under the parent's and this directory's write lock. */
  private volatile boolean removed;

  /* The descriptor that keeps a removed directory usable while it is referenced. */
  private volatile @Nullable SharedFd orphan;

  /* Remembered answers, UNKNOWN at first: changed under this directory's write lock. */
  private volatile int subdirectories = UNKNOWN;
  private volatile int defaultAcl = UNKNOWN;
  private volatile int impure = UNKNOWN;

  /*
   * The name that a lookup found absent last. Set under this directory's read lock, and taken back
   * under its write lock by whoever changes what it shows.
   */
  private volatile @Nullable Name justAbsent;

  /* The index of the lowers is too large for the cache; layers are asked one by one. */
  private volatile boolean indexTooLarge;

  DirNode(
      long id,
      long ino,
      int generation,
      @Nullable DirNode parent,
      Name name,
      @Nullable LayerDir upper,
      List<LayerDir> lowers) {
    super(id, ino, Linux.S_IFDIR, generation);
    this.place = new Place(parent, name);
    this.upper = upper;
    this.lowers = lowers;
  }

  /** The directory above; the root's is the root. */
  public DirNode parent() {
    DirNode above = place.parent();
    return above == null ? this : above;
  }

  boolean isRoot() {
    return place.parent() == null;
  }

  Place place() {
    return place;
  }

  Name name() {
    return place.name();
  }

  boolean isAt(DirNode parent, Name name) {
    Place now = place;
    return now.parent() == parent && now.name().equals(name);
  }

  void moveTo(DirNode parent, Name name) {
    place = new Place(parent, name);
  }

  @Nullable LayerDir upper() {
    return upper;
  }

  /**
   * The upper directory of a node that was copied up before.
   *
   * @throws IllegalStateException if it was not
   */
  LayerDir requireUpper() {
    LayerDir present = upper;
    if (present == null) {
      throw new IllegalStateException("not copied up: " + path());
    }
    return present;
  }

  void setUpper(LayerDir dir) {
    upper = dir;
  }

  /**
   * Makes a merged directory what its lowers have; with this directory's write lock, and while
   * changes are held back.
   */
  void dropUpper() {
    LayerDir dropped = upper;
    xattrsChange();
    upper = null;
    subdirectories = UNKNOWN;
    defaultAcl = UNKNOWN;
    impure = UNKNOWN;
    justAbsent = null;
    setUnprotected(false);
    xattrsChange();
    if (dropped != null) {
      dropped.forget();
    }
  }

  /** The lower directories that are merged, topmost first; empty for a pure upper directory. */
  List<LayerDir> lowers() {
    return lowers;
  }

  /** The directory that provides the attributes. */
  LayerDir top() {
    LayerDir present = upper;
    return present != null ? present : lowers.get(0);
  }

  @Override
  boolean isRemoved() {
    return removed;
  }

  void setRemoved(@Nullable SharedFd kept) {
    orphan = kept;
    removed = true;
    LayerDir present = upper;
    if (present != null) {
      present.forget();
    }
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

  int subdirectories() {
    return subdirectories;
  }

  void setSubdirectories(int number) {
    subdirectories = number;
  }

  /* Called with this directory's write lock held. */
  void addSubdirectories(int difference) {
    int known = subdirectories;
    if (known != UNKNOWN) {
      subdirectories = known + difference;
    }
  }

  int defaultAcl() {
    return defaultAcl;
  }

  void setDefaultAcl(int known) {
    defaultAcl = known;
  }

  int impure() {
    return impure;
  }

  void setImpure(int known) {
    impure = known;
  }

  boolean isJustAbsent(Name name) {
    Name absent = justAbsent;
    return absent != null && absent.equals(name);
  }

  void setJustAbsent(Name name) {
    justAbsent = name;
  }

  void clearJustAbsent() {
    if (justAbsent != null) {
      justAbsent = null;
    }
  }

  boolean indexTooLarge() {
    return indexTooLarge;
  }

  void setIndexTooLarge() {
    indexTooLarge = true;
  }

  @Override
  String path() {
    ArrayDeque<Name> names = new ArrayDeque<>();
    Place at = place;
    DirNode above = at.parent();
    while (above != null) {
      names.push(at.name());
      at = above.place;
      above = at.parent();
    }
    StringBuilder text = new StringBuilder();
    for (Name part : names) {
      text.append('/').append(part);
    }
    return text.isEmpty() ? "/" : text.toString();
  }
}
