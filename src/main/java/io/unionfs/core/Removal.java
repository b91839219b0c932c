package io.unionfs.core;

import io.unionfs.core.FileNode.Link;
import io.unionfs.core.FileNode.Placement;
import io.unionfs.layer.InSpiteOfMode;
import io.unionfs.layer.LayerDir;
import io.unionfs.stack.LowerIndex;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * A name that a lower has too is replaced by a whiteout in one step, never removed first: there is no
 * moment at which the lower's file shows through.
 */
/** The removal of names. */
final class Removal {
  private static final Logger log = LoggerFactory.getLogger(Removal.class);

  private final UnionState union;
  private final Sys sys;
  private final Lookup lookup;
  private final CopyUp copyUp;
  private final OpenFiles openFiles;
  private final Listings listings;
  private final OriginNumbers numbers;

  Removal(
      UnionState union,
      Lookup lookup,
      CopyUp copyUp,
      OpenFiles openFiles,
      Listings listings,
      OriginNumbers numbers) {
    this.union = union;
    this.numbers = numbers;
    this.sys = union.sys();
    this.lookup = lookup;
    this.copyUp = copyUp;
    this.openFiles = openFiles;
    this.listings = listings;
  }

  void unlink(DirNode parent, Name name) throws ErrnoException {
    WorkDir work = union.requireWritable();
    while (true) {
      Node victim = lookup.find(parent, name);
      if (victim == null) {
        throw ErrnoException.of(Errno.ENOENT);
      }
      if (!(victim instanceof FileNode file)) {
        throw ErrnoException.of(Errno.EISDIR);
      }
      boolean below = lookup.existsBelow(parent, name);
      copyUp.directory(parent);
      keepCount(file, parent, name);
      LowerIndex index = lookup.index(parent);
      try (Locks.Locked locked = union.locks().write(parent)) {
        if (lookup.findLocked(parent, name, index) == file && !losesContent(file, parent, name)) {
          unlinkLocked(work, parent, name, file, below);
          return;
        }
      }
    }
  }

  /**
   * Prepares the removal of one of several names of a lower file: the count of those left is kept
   * with the copy in the index, so there must be one. Where the upper has no room for the copy, or
   * the lower file cannot be read or made, the name goes all the same, and the count stays as it
   * was. A copy that has no entry in the index keeps its content under another name, or the name
   * may not go.
   */
  void keepCount(FileNode file, DirNode parent, Name name) throws ErrnoException {
    Placement placement = file.placement();
    boolean counted =
        placement.copiedUp()
            ? placement.index() != null
            : file.lowerNlink() > 1 && copyUp.isIndexable(file);
    if (counted) {
      try {
        copyUp.name(file, parent, name);
      } catch (ErrnoException e) {
        String left = "{}: removed without counting its other names: {}";
        switch (e.errno()) {
          case Errno.ENOSPC, Errno.EDQUOT, Errno.EIO -> log.warn(left, file, e.getMessage());
          case Errno.EACCES, Errno.EPERM, Errno.EFBIG, Errno.EOPNOTSUPP ->
              log.info(left, file, e.getMessage()); // so it is for this server with such a file
          default -> throw e;
        }
      }
    }
    keepContent(file, parent, name);
  }

  /*
   * The content of a copy without an entry in the index goes with its last name in the upper. So another name by which
   * the file is known, and which only a lower has, becomes one of the upper before.
   */
  private void keepContent(FileNode file, DirNode parent, Name name) throws ErrnoException {
    Placement placement = file.placement();
    if (!placement.copiedUp() || !placement.isLastOfCopy(parent, name)) {
      return;
    }
    ErrnoException failure = null;
    for (Link link : placement.links()) {
      if (!link.isAt(parent, name)) {
        try {
          copyUp.otherName(file, link);
        } catch (ErrnoException e) {
          failure = failure == null ? e : failure; // another one may do
        }
        if (!file.placement().isLastOfCopy(parent, name)) {
          return;
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /* Whether names were looked up since the content was to be kept. */
  private static boolean losesContent(FileNode file, DirNode parent, Name name) {
    Placement placement = file.placement();
    return placement.copiedUp()
        && placement.links().size() > 1
        && placement.isLastOfCopy(parent, name);
  }

  private void unlinkLocked(WorkDir work, DirNode parent, Name name, FileNode file, boolean below)
      throws ErrnoException {
    SharedFd parentFd = parent.requireUpper().pin();
    SharedFd kept = null;
    try {
      Link link = file.placement().linkAt(parent, name);
      boolean inUpper = link != null && link.inUpper();
      kept = inUpper ? hold(file, parent, name) : null;
      if (!inUpper) {
        work.placeWhiteout(parentFd.fd(), name);
      } else if (below) {
        work.replaceByWhiteout(parentFd.fd(), name);
      } else {
        sys.unlinkat(parentFd.fd(), name, 0);
      }
      union.cache().putAbsent(parent, name);
      SharedFd held = kept;
      kept = null;
      forget(file, parent, name, held);
    } finally {
      if (kept != null) {
        kept.retire();
      }
      parentFd.unpin();
    }
  }

  /**
   * A descriptor that keeps an upper file usable after it loses the last name that is known, or
   * null where nobody will ask: opened before the name goes.
   */
  @Nullable SharedFd hold(FileNode file, DirNode parent, Name name) throws ErrnoException {
    Placement placement = file.placement();
    boolean last =
        placement.isLastOfCopy(parent, name)
            || (placement.links().size() == 1 && placement.linkAt(parent, name) != null);
    boolean wanted = file.isReferenced() || numbers.isKeptApart(file);
    if (!last || !wanted || file.orphan() != null) {
      return null;
    }
    LayerDir dir = parent.requireUpper();
    if (!file.isRegular()) {
      return new SharedFd(sys, dir.openPath(name));
    }
    try {
      return new SharedFd(sys, openFiles.openWritable(dir, name));
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT || e.errno() == Errno.EMFILE || e.errno() == Errno.ENFILE) {
        throw e;
      }
      return new SharedFd(sys, dir.openForRead(name, 0)); // immutable, or a program that runs
    }
  }

  /** Takes a name from a node, with the directory's write lock held and the name gone. */
  void forget(FileNode file, DirNode parent, Name name, @Nullable SharedFd kept)
      throws ErrnoException {
    if (kept != null) {
      file.setOrphan(kept);
    }
    Placement now = file.update(at -> at.withoutLink(parent, name));
    dropIndexIfUnused(file, now);
    if (!now.links().isEmpty() && (!now.copiedUp() || now.hasCopy())) {
      return;
    }
    boolean gone = nothingLeft(file, now, kept);
    if (gone && kept != null && numbers.isKeptApart(file)) {
      numbers.remove(kept);
    }
    if (gone || !file.isReferenced()) {
      file.markRemoved();
      union.nodes().forgetAll(file);
      openFiles.drop(file);
      // names of a lower, which were looked up since others were made names of the copy
      for (Link link : file.placement().links()) {
        union.cache().forget(link.parent(), link.name());
      }
    }
    SharedFd unwanted = file.isReferenced() ? null : file.takeOrphan();
    if (unwanted != null) {
      unwanted.retire();
    }
  }

  private boolean nothingLeft(FileNode file, Placement placement, @Nullable SharedFd kept)
      throws ErrnoException {
    if (!placement.copiedUp()) {
      return file.lowerNlink() <= 1;
    }
    if (kept == null) {
      return true;
    }
    Stat stat = new Stat();
    sys.fstatx(kept.fd(), stat);
    return stat.nlink == 0;
  }

  private void dropIndexIfUnused(FileNode file, Placement placement) throws ErrnoException {
    Name index = placement.index();
    WorkDir work = union.work();
    LayerDir indexDir = work == null ? null : work.index();
    if (index == null || indexDir == null) {
      return;
    }
    SharedFd fd = indexDir.pin();
    try {
      Stat stat = new Stat();
      int errno = sys.tryStatx(fd.fd(), index, stat);
      if (errno == 0 && stat.nlink + file.nlinkDifference() <= 0) {
        // the name that a program removed is gone already, so that is what it is told
        int left = sys.tryUnlinkat(fd.fd(), index, 0);
        if (left != 0) {
          log.warn("{}: its copy stays in the index: {}", file, Errno.message(left));
        }
      } else if (errno != 0 && errno != Errno.ENOENT) {
        throw ErrnoException.of(errno);
      }
    } finally {
      fd.unpin();
    }
  }

  void rmdir(DirNode parent, Name name) throws ErrnoException {
    WorkDir work = union.requireWritable();
    while (true) {
      Node victim = lookup.find(parent, name);
      if (victim == null) {
        throw ErrnoException.of(Errno.ENOENT);
      }
      if (!(victim instanceof DirNode dir)) {
        throw ErrnoException.of(Errno.ENOTDIR);
      }
      boolean below = lookup.existsBelow(parent, name);
      LowerIndex victimIndex = dir.lowers().isEmpty() ? null : lookup.readIndex(dir);
      listings.requireEmpty(dir, victimIndex);
      copyUp.directory(parent);
      LowerIndex index = lookup.index(parent);
      Name left;
      try (Locks.Locked locked = union.locks().write(parent, dir)) {
        if (lookup.findLocked(parent, name, index) != dir) {
          continue;
        }
        listings.requireEmptyLocked(dir, victimIndex);
        left = rmdirLocked(work, parent, name, dir, below);
      }
      if (left != null) {
        work.discard(left);
      }
      return;
    }
  }

  /* What is left to sweep in the work directory, outside the locks. */
  private @Nullable Name rmdirLocked(
      WorkDir work, DirNode parent, Name name, DirNode dir, boolean below) throws ErrnoException {
    SharedFd parentFd = parent.requireUpper().pin();
    SharedFd kept = null;
    try {
      kept = hold(dir);
      Name left = null;
      if (dir.upper() == null) {
        work.placeWhiteout(parentFd.fd(), name);
      } else if (below) {
        left = exchangeWithWhiteout(work, parentFd, name);
      } else {
        int errno = sys.tryUnlinkat(parentFd.fd(), name, Linux.AT_REMOVEDIR);
        if (errno == Errno.ENOTEMPTY || errno == Errno.EEXIST) {
          left = moveToWork(work, parentFd, name); // whiteouts only: the union shows it empty
        } else if (errno != 0) {
          throw ErrnoException.of(errno);
        }
      }
      union.cache().putAbsent(parent, name);
      parent.addSubdirectories(-1);
      dir.setRemoved(kept);
      kept = null;
      union.nodes().forgetAll(dir);
      return left;
    } finally {
      if (kept != null) {
        kept.retire();
      }
      parentFd.unpin();
    }
  }

  /**
   * A descriptor that keeps a directory usable after its removal, or null where nobody asks. Open
   * for reading, because what is done by it needs no right to search the directory.
   */
  @Nullable SharedFd hold(DirNode dir) throws ErrnoException {
    LayerDir upper = dir.upper();
    return upper == null || !dir.isReferenced() ? null : new SharedFd(sys, upper.openSelf());
  }

  private Name exchangeWithWhiteout(WorkDir work, SharedFd parentFd, Name name)
      throws ErrnoException {
    if (union.marks().whiteouts().standsBeside(name)) {
      work.placeWhiteout(parentFd.fd(), name);
      return moveToWork(work, parentFd, name);
    }
    Name whiteout = work.newWhiteout();
    boolean placed = false;
    SharedFd workFd = work.dir().pin();
    try {
      renameAway(parentFd, name, workFd, whiteout, Linux.RENAME_EXCHANGE);
      placed = true;
      return whiteout;
    } finally {
      workFd.unpin();
      if (!placed) {
        work.discard(whiteout);
      }
    }
  }

  /* A directory that its owner may not write to may be removed, but only moved by a privileged one. */
  private void renameAway(SharedFd parentFd, Name name, SharedFd workFd, Name to, int flags)
      throws ErrnoException {
    InSpiteOfMode.moving(
        sys, parentFd.fd(), name, () -> sys.renameat2(parentFd.fd(), name, workFd.fd(), to, flags));
  }

  private Name moveToWork(WorkDir work, SharedFd parentFd, Name name) throws ErrnoException {
    Name temporary = work.newName();
    SharedFd workFd = work.dir().pin();
    try {
      renameAway(parentFd, name, workFd, temporary, Linux.RENAME_NOREPLACE);
      return temporary;
    } finally {
      workFd.unpin();
    }
  }
}
