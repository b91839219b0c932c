package io.unionfs.core;

import io.unionfs.layer.InSpiteOfMode;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Whiteouts;
import io.unionfs.stack.LowerIndex;
import io.unionfs.sys.Dirents;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** The reading of merged directories. */
final class Listings {
  private static final int WHITEOUT = -1;
  private static final int NOT_THERE = -2;
  private static final int IFMT_SHIFT = 12;

  private final UnionState union;
  private final Lookup lookup;

  Listings(UnionState union, Lookup lookup) {
    this.union = union;
    this.lookup = lookup;
  }

  /** All entries as they are now. */
  Listing read(DirNode dir) throws ErrnoException {
    ListingBuilder listing = new ListingBuilder();
    listing.add(Name.DOT, dir.ino(), Linux.DT_DIR);
    listing.add(Name.DOTDOT, dir.parent().ino(), Linux.DT_DIR);
    if (dir.isRemoved()) {
      return listing.build();
    }
    LowerIndex index = indexOf(dir);
    union.locks().lockRead(dir);
    try {
      BitSet hidden = new BitSet();
      LayerDir upper = dir.upper();
      if (upper != null && !dir.isRemoved()) {
        addUpper(dir, upper, index, hidden, listing);
      }
      if (index != null) {
        addLowers(dir, index, hidden, listing);
      }
    } finally {
      union.locks().unlockRead(dir);
    }
    return listing.build();
  }

  private @Nullable LowerIndex indexOf(DirNode dir) throws ErrnoException {
    return dir.lowers().isEmpty() ? null : lookup.readIndex(dir);
  }

  private void addUpper(
      DirNode dir,
      LayerDir upper,
      @Nullable LowerIndex index,
      BitSet hidden,
      ListingBuilder listing)
      throws ErrnoException {
    Stat stat = new Stat();
    try (Fd fd = new Fd(upper.sys(), upper.openSelf());
        Dirents entries = Dirents.open(upper.sys(), fd.raw())) {
      boolean impure = isImpure(dir, fd);
      while (entries.next()) {
        if (entries.isDotOrDotDot()) {
          continue;
        }
        Name name = entries.name();
        int entry = entryBelow(index, name);
        if (entry >= 0) {
          hidden.set(entry);
        }
        if (union.marks().whiteouts().isReserved(name)) {
          continue;
        }
        int type = entries.type();
        if (Whiteouts.mayBeWhiteout(upper.layer(), type) || upper.layer().mayHide(entries.ino())) {
          type = InSpiteOfMode.runIn(upper, () -> typeIfShown(upper, name, stat));
        } else {
          type = upper.shownType(name, type, stat);
        }
        if (type < 0) {
          continue;
        }
        boolean merged =
            type == Linux.DT_DIR && entry >= 0 && index != null && index.type(entry) == type;
        boolean ownNumber = !merged && !impure;
        listing.add(
            name,
            ownNumber
                ? union.identities().shown(upper.layer().dev(), entries.ino())
                : numberOf(dir, name, index, entries.ino(), upper),
            type);
      }
    }
  }

  /* The type of an entry of the upper, WHITEOUT, or NOT_THERE. */
  private int typeIfShown(LayerDir upper, Name name, Stat scratch) throws ErrnoException {
    int errno = upper.tryStat(name, scratch);
    if (errno == Errno.ENOENT || (errno == 0 && upper.layer().hides(scratch))) {
      return NOT_THERE;
    }
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
    boolean whiteout = union.marks().whiteouts().isWhiteout(upper, name, scratch);
    return whiteout ? WHITEOUT : scratch.type() >> IFMT_SHIFT;
  }

  /* The entry of the lowers that an entry of the upper stands for or hides, or -1. */
  private int entryBelow(@Nullable LowerIndex index, Name name) {
    if (index == null) {
      return -1;
    }
    Whiteouts whiteouts = union.marks().whiteouts();
    Name meant = whiteouts.isReserved(name) ? whiteouts.hiddenBy(name) : name;
    return meant == null ? -1 : index.find(meant);
  }

  /* A name that cannot be looked up is listed all the same, as on a plain file system. */
  private long numberOf(
      DirNode dir, Name name, @Nullable LowerIndex index, long hostIno, LayerDir upper) {
    long own = union.identities().shown(upper.layer().dev(), hostIno);
    LowerIndex asked = dir.lowers().size() < 2 ? null : index;
    try {
      return InSpiteOfMode.runIn(
          upper,
          () -> {
            Node node = lookup.findLocked(dir, name, asked);
            return node == null ? own : node.ino();
          });
    } catch (ErrnoException e) {
      return own;
    }
  }

  private boolean isImpure(DirNode dir, Fd upper) throws ErrnoException {
    int known = dir.impure();
    if (known == DirNode.UNKNOWN) {
      known = union.marks().isImpure(upper.raw()) ? 1 : 0;
      dir.setImpure(known);
    }
    return known == 1;
  }

  private void addLowers(DirNode dir, LowerIndex index, BitSet hidden, ListingBuilder listing) {
    for (int i = 0; i < index.size(); i++) {
      if (index.isShown(i) && !hidden.get(i)) {
        LayerDir part = dir.lowers().get(index.part(i, 0));
        listing.add(
            index.name(i),
            union.identities().shown(part.layer().dev(), index.ino(i)),
            index.type(i));
      }
    }
  }

  /**
   * @throws ErrnoException {@code ENOTEMPTY} if the merged directory shows an entry
   */
  void requireEmpty(DirNode dir, @Nullable LowerIndex index) throws ErrnoException {
    union.locks().lockRead(dir);
    try {
      requireEmptyLocked(dir, index);
    } finally {
      union.locks().unlockRead(dir);
    }
  }

  /** The same for a caller that holds the directory's lock, with the index of its lowers. */
  void requireEmptyLocked(DirNode dir, @Nullable LowerIndex index) throws ErrnoException {
    int shownBelow = index == null ? 0 : index.shown();
    LayerDir upper = dir.upper();
    int hiddenBelow = upper == null ? 0 : hiddenBelow(upper, index);
    if (shownBelow > hiddenBelow) {
      throw ErrnoException.of(Errno.ENOTEMPTY);
    }
  }

  /* How many of the lowers' names the upper's whiteouts hide, if it has nothing but whiteouts. */
  private int hiddenBelow(LayerDir upper, @Nullable LowerIndex index) throws ErrnoException {
    BitSet hidden = new BitSet();
    Stat stat = new Stat();
    try (Fd fd = new Fd(upper.sys(), upper.openSelf());
        Dirents entries = Dirents.open(upper.sys(), fd.raw())) {
      while (entries.next()) {
        if (entries.isDotOrDotDot()) {
          continue;
        }
        Name name = entries.name();
        if (!union.marks().whiteouts().isReserved(name)) {
          int type = InSpiteOfMode.runIn(upper, () -> typeIfShown(upper, name, stat));
          if (type >= 0) {
            throw ErrnoException.of(Errno.ENOTEMPTY);
          }
          if (type == NOT_THERE) {
            continue;
          }
        }
        int entry = entryBelow(index, name);
        if (entry >= 0) {
          hidden.set(entry);
        }
      }
    }
    return hidden.cardinality();
  }

  /** Whether an upper directory has no entries at all, not even whiteouts. */
  boolean isPhysicallyEmpty(LayerDir dir) throws ErrnoException {
    try (Fd fd = new Fd(dir.sys(), dir.openSelf());
        Dirents entries = Dirents.open(dir.sys(), fd.raw())) {
      while (entries.next()) {
        if (!entries.isDotOrDotDot()) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * What {@code st_nlink} of a merged directory shows: two, and one for each directory in it.
   *
   * @param host the attributes of the topmost layer's directory
   */
  int linkCount(DirNode dir, Stat host) throws ErrnoException {
    if (dir.isRemoved()) {
      return 0;
    }
    boolean alone = dir.lowers().isEmpty() || (dir.upper() == null && dir.lowers().size() == 1);
    if (alone || host.nlink < 2) {
      return host.nlink; // a host that does not count says 1 everywhere
    }
    int known = dir.subdirectories();
    return 2 + (known == DirNode.UNKNOWN ? countSubdirectories(dir) : known);
  }

  private int countSubdirectories(DirNode dir) throws ErrnoException {
    LowerIndex index = indexOf(dir);
    union.locks().lockRead(dir);
    try {
      int number = index == null ? 0 : index.directories();
      LayerDir upper = dir.upper();
      if (upper != null) {
        number += difference(upper, index);
      }
      if (!union.options().isShared()) {
        dir.setSubdirectories(number);
      }
      return number;
    } finally {
      union.locks().unlockRead(dir);
    }
  }

  private boolean isShownDirectory(LayerDir upper, Dirents entries, Stat scratch)
      throws ErrnoException {
    Name name = entries.name();
    if (entries.type() != Linux.DT_DIR || union.marks().whiteouts().isReserved(name)) {
      return false;
    }
    return !upper.layer().mayHide(entries.ino())
        || InSpiteOfMode.runIn(upper, () -> typeIfShown(upper, name, scratch)) == Linux.DT_DIR;
  }

  private int difference(LayerDir upper, @Nullable LowerIndex index) throws ErrnoException {
    int above = 0;
    BitSet covered = new BitSet();
    Stat stat = new Stat();
    try (Fd fd = new Fd(upper.sys(), upper.openSelf());
        Dirents entries = Dirents.open(upper.sys(), fd.raw())) {
      while (entries.next()) {
        if (entries.isDotOrDotDot()) {
          continue;
        }
        int entry = entryBelow(index, entries.name());
        if (entry >= 0 && index != null && index.type(entry) == Linux.DT_DIR) {
          covered.set(entry);
        }
        above += isShownDirectory(upper, entries, stat) ? 1 : 0;
      }
    }
    return above - covered.cardinality();
  }
}
