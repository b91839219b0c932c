package io.unionfs.core;

import io.unionfs.layer.Directories;
import io.unionfs.layer.InheritedAcls;
import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.MarkRules;
import io.unionfs.layer.Marks;
import io.unionfs.layer.TreeRemoval;
import io.unionfs.layer.WhiteoutFormat;
import io.unionfs.sys.Dirents;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * The layout is kernel overlayfs's: "work" holds what is being made and is empty between mounts,
 * "index" holds one link for each lower file with several names that was copied up. Names in "work"
 * are made from a counter, never from the user's names, which may be 255 bytes long.
 */
/** The directory in which new objects are made complete before they get their name. */
final class WorkDir {
  private static final Logger log = LoggerFactory.getLogger(WorkDir.class);
  static final Name WORK = Name.of("work");
  private static final Name INDEX = Name.of("index");

  private final Sys sys;
  private final Layer layer;
  private final Marks marks;
  private final LayerDir work;
  private final AtomicLong counter = new AtomicLong();
  private final UnfinishedRenames renames;

  /* Guards the shared whiteout; the system calls that make it are the only ones under it. */
  private final ReentrantLock whiteoutLock = new ReentrantLock();
  private volatile @Nullable Name whiteout;

  private volatile @Nullable LayerDir index;

  /* Set for a mount that syncs nothing, whose mark it takes away. */
  private volatile @Nullable Incompat volatileMark;

  private WorkDir(Sys sys, Layer layer, Marks marks, LayerDir work, @Nullable LayerDir index) {
    this.sys = sys;
    this.layer = layer;
    this.marks = marks;
    this.work = work;
    this.index = index;
    this.renames = new UnfinishedRenames(this, work.child(Incompat.DIRECTORY));
  }

  /**
   * Makes the layout where it is missing and sweeps what a crash left.
   *
   * @param shown the directory as the user named it
   * @throws MountRefusedException if a mark in it forbids the mount
   */
  static WorkDir open(Layer layer, Directories.Checked shown, MarkRules rules)
      throws IOException, ErrnoException {
    LayerDir root = layer.root();
    Sys sys = root.sys();
    LayerDir work = root.child(WORK);
    SharedFd fd = root.pin();
    Stat stat = new Stat();
    LayerDir index = null;
    try {
      int errno = sys.tryStatx(fd.fd(), WORK, stat);
      if (errno == 0 && !stat.isDirectory()) {
        sys.unlinkat(fd.fd(), WORK, 0);
        errno = Errno.ENOENT;
      }
      if (errno == Errno.ENOENT) {
        sys.mkdirat(fd.fd(), WORK, 0700);
        InheritedAcls.remove(sys, fd.fd(), WORK);
      } else if (errno != 0) {
        throw ErrnoException.of(errno);
      } else {
        InheritedAcls.remove(sys, fd.fd(), WORK);
        if (stat.permissions() != 0700) {
          sys.fchmodat(fd.fd(), WORK, 0700); // kernel overlayfs makes it with mode 0
        }
        new Incompat(work).check(shown);
        TreeRemoval.clear(work, Set.of(Incompat.DIRECTORY));
      }
      if (sys.tryStatx(fd.fd(), INDEX, stat) == 0 && stat.isDirectory()) {
        if ((stat.mode & 0700) != 0700) {
          sys.fchmodat(fd.fd(), INDEX, 0700);
        }
        index = root.child(INDEX);
      }
    } finally {
      fd.unpin();
    }
    return new WorkDir(sys, layer, Marks.probe(sys, work, rules), work, index);
  }

  /** Completes the renames that a crash left half done in the upper. */
  void finishRenames(LayerDir upper) throws ErrnoException {
    renames.finish(upper);
  }

  /** The records of renames that take two steps. */
  UnfinishedRenames renames() {
    return renames;
  }

  /** Marks the work directory for a mount that syncs nothing, until it ends cleanly. */
  void markVolatile() throws ErrnoException {
    Incompat incompat = new Incompat(work);
    volatileMark = incompat;
    incompat.markVolatile();
  }

  Marks marks() {
    return marks;
  }

  Layer layer() {
    return layer;
  }

  LayerDir dir() {
    return work;
  }

  /** A descriptor of an unnamed file on the upper's file system, for what does not last. */
  int openScratch() throws ErrnoException {
    SharedFd fd = work.pin();
    try {
      return sys.openat(fd.fd(), Name.DOT, Linux.O_TMPFILE | Linux.O_RDWR, 0600);
    } finally {
      fd.unpin();
    }
  }

  /** A name in the work directory that nobody else uses. */
  Name newName() {
    return Name.of("#" + Long.toHexString(counter.incrementAndGet()));
  }

  /** The index, or null while no file needs one. */
  @Nullable LayerDir index() {
    return index;
  }

  LayerDir makeIndex() throws ErrnoException {
    LayerDir present = index;
    if (present != null) {
      return present;
    }
    SharedFd fd = layer.root().pin();
    try {
      sys.mkdirat(fd.fd(), INDEX, 0700);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EEXIST) {
        throw e;
      }
    } finally {
      fd.unpin();
    }
    LayerDir made = layer.root().child(INDEX);
    index = made;
    return made;
  }

  /** Puts a whiteout under a name that the upper layer does not have, or beside it. */
  void placeWhiteout(int parentFd, Name name) throws ErrnoException {
    if (marks.whiteouts().standsBeside(name)) {
      marks.whiteouts().placeBeside(parentFd, name);
      return;
    }
    announceWhiteout(parentFd);
    linkWhiteout(parentFd, name);
  }

  /** Notes in a directory of the upper that it may get a whiteout, in formats that need it. */
  void announceWhiteout(int parentFd) throws ErrnoException {
    if (marks.whiteouts().format() == WhiteoutFormat.XATTR) {
      marks.announceXattrWhiteouts(parentFd);
    }
  }

  /* Whiteouts are links of one inode, as kernel overlayfs makes them. */
  private void linkWhiteout(int parentFd, Name name) throws ErrnoException {
    SharedFd fd = work.pin();
    try {
      while (true) {
        Name master = whiteoutMaster(fd.fd());
        int errno = sys.tryLinkat(fd.fd(), master, parentFd, name);
        if (errno == 0) {
          return;
        }
        if (errno != Errno.EMLINK && errno != Errno.EPERM && errno != Errno.EOPNOTSUPP) {
          throw ErrnoException.of(errno);
        }
        if (errno != Errno.EMLINK) {
          marks.whiteouts().make(parentFd, name);
          return;
        }
        dropMaster(master);
      }
    } finally {
      fd.unpin();
    }
  }

  /**
   * Puts a whiteout in the place of what is no directory: atomically, or, where it stands beside
   * the name, before that is removed.
   */
  void replaceByWhiteout(int parentFd, Name name) throws ErrnoException {
    if (marks.whiteouts().standsBeside(name)) {
      marks.whiteouts().placeBeside(parentFd, name);
      sys.unlinkat(parentFd, name, 0);
      return;
    }
    announceWhiteout(parentFd);
    Name temporary = newWhiteout();
    boolean placed = false;
    SharedFd fd = work.pin();
    try {
      sys.renameat2(fd.fd(), temporary, parentFd, name, 0);
      placed = true;
    } finally {
      fd.unpin();
      if (!placed) {
        discard(temporary);
      }
    }
  }

  /** A whiteout of its own in the work directory. */
  Name newWhiteout() throws ErrnoException {
    Name temporary = newName();
    SharedFd fd = work.pin();
    try {
      linkWhiteout(fd.fd(), temporary);
    } finally {
      fd.unpin();
    }
    return temporary;
  }

  private Name whiteoutMaster(int workFd) throws ErrnoException {
    Name present = whiteout;
    if (present != null) {
      return present;
    }
    whiteoutLock.lock();
    try {
      present = whiteout;
      if (present == null) {
        present = newName();
        marks.whiteouts().make(workFd, present);
        whiteout = present;
      }
      return present;
    } finally {
      whiteoutLock.unlock();
    }
  }

  private void dropMaster(Name full) {
    whiteoutLock.lock();
    try {
      Name present = whiteout;
      if (present != null && present.equals(full)) {
        whiteout = null;
        discard(full);
      }
    } finally {
      whiteoutLock.unlock();
    }
  }

  /** Removes what did not get a name; a failure leaves it to the next mount's sweep. */
  void discard(Name temporary) {
    try {
      TreeRemoval.remove(work, temporary);
    } catch (ErrnoException e) {
      log.warn("{}: cannot remove {}: {}", this, temporary, e.getMessage());
    }
  }

  /**
   * Empties the work directory; {@code index} stays while it has entries, the mark of a volatile
   * mount if the upper cannot be made durable, and the records of renames that failed half way.
   */
  void close() {
    try {
      Incompat mark = volatileMark;
      if (mark != null) {
        mark.clearVolatile();
      }
      TreeRemoval.clear(work, renames.hasLeft() ? Set.of(Incompat.DIRECTORY) : Set.of());
      removeIndexIfEmpty();
    } catch (ErrnoException e) {
      log.warn("{}: cannot be emptied: {}", this, e.getMessage());
    }
  }

  private void removeIndexIfEmpty() throws ErrnoException {
    LayerDir present = index;
    if (present == null) {
      return;
    }
    SharedFd fd = layer.root().pin();
    try {
      int errno = sys.tryUnlinkat(fd.fd(), INDEX, Linux.AT_REMOVEDIR);
      if (errno == 0) {
        index = null;
      } else if (errno != Errno.ENOTEMPTY) {
        throw ErrnoException.of(errno);
      }
    } finally {
      fd.unpin();
    }
  }

  @Override
  public String toString() {
    return "work dir " + layer;
  }

  /** Whether nothing but the empty "work" is left, so that a default work dir may go away. */
  boolean isDisposable() throws ErrnoException {
    if (index != null) {
      return false;
    }
    try (Fd listing = new Fd(sys, layer.root().openSelf());
        Dirents entries = Dirents.open(sys, listing.raw())) {
      while (entries.next()) {
        if (!entries.isDotOrDotDot() && !entries.name().equals(WORK)) {
          return false;
        }
      }
    }
    return true;
  }

  void removeLayout() throws ErrnoException {
    SharedFd fd = layer.root().pin();
    try {
      sys.unlinkat(fd.fd(), WORK, Linux.AT_REMOVEDIR);
    } finally {
      fd.unpin();
    }
  }
}
