package io.unionfs.core;

import io.unionfs.core.FileNode.Link;
import io.unionfs.core.FileNode.Placement;
import io.unionfs.core.Identities.HostInode;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * As unlink(2) does: who has the file open keeps it. A lower file that is under the name then is a node of
 * its own, although it was one with this until now.
 */
/** What becomes of nodes whose objects are taken out of the upper. */
final class NameLoss {
  private static final Logger log = LoggerFactory.getLogger(NameLoss.class);

  private final UnionState union;
  private final Sys sys;
  private final OpenFiles openFiles;
  private final Removal removal;
  private final OriginNumbers numbers;

  NameLoss(UnionState union, OpenFiles openFiles, Removal removal, OriginNumbers numbers) {
    this.union = union;
    this.sys = union.sys();
    this.openFiles = openFiles;
    this.removal = removal;
    this.numbers = numbers;
  }

  /**
   * A descriptor that keeps a file usable after it loses a name, or null where that is not its last
   * one, or nobody will ask, or there is none to be had. The directory's write lock is held.
   */
  @Nullable SharedFd hold(FileNode file, DirNode parent, Name name) {
    try {
      return removal.hold(file, parent, name);
    } catch (ErrnoException e) {
      log.warn("{}: whoever has it open loses it: {}", file, e.getMessage());
      return null;
    }
  }

  /** The same for a directory. */
  @Nullable SharedFd hold(DirNode dir) {
    try {
      return removal.hold(dir);
    } catch (ErrnoException e) {
      log.warn("{}: whoever uses it cannot look into it any more: {}", dir, e.getMessage());
      return null;
    }
  }

  /**
   * Takes a name of the upper from a file, which is removed unless it has another one or a
   * descriptor: the host may soon use its inode's number again.
   *
   * @param taken how many names of the upper file go, with this one
   * @param kept from {@link #hold}
   * @return whether it has lost its copy and still has names of the lowers, which {@link
   *     #lowerNames(FileNode, Outdated)} takes from it when the lock is given up
   */
  boolean oneName(
      FileNode file,
      DirNode parent,
      Name name,
      int taken,
      @Nullable SharedFd kept,
      Outdated outdated)
      throws ErrnoException {
    if (kept != null) {
      file.setOrphan(kept);
    }
    Placement now = file.update(at -> at.withoutLink(parent, name));
    outdated.file(file); // its link count
    if (!now.links().isEmpty() && (!now.copiedUp() || now.hasCopy())) {
      return false;
    }
    boolean gone = false;
    try {
      gone = isGone(file, taken);
    } finally {
      if (gone) {
        remove(file);
      }
      dropUnwanted(file);
    }
    return !now.links().isEmpty();
  }

  /* Pinned, because who has the file open may let go of it, and of its descriptor, at any time. */
  private boolean isGone(FileNode file, int taken) throws ErrnoException {
    SharedFd own = file.orphan();
    if (own == null || !own.tryPin()) {
      return true;
    }
    try {
      Stat stat = new Stat();
      sys.fstatx(own.fd(), stat);
      boolean gone = stat.nlink <= taken;
      if (gone && numbers.isKeptApart(file)) {
        numbers.remove(own);
      }
      return gone;
    } finally {
      own.unpin();
    }
  }

  private void remove(FileNode file) {
    file.markRemoved();
    union.nodes().forgetAll(file);
    openFiles.drop(file);
  }

  private void dropUnwanted(FileNode file) {
    if (file.isReferenced()) {
      return;
    }
    remove(file);
    SharedFd unwanted = file.takeOrphan();
    if (unwanted != null) {
      unwanted.retire();
    }
  }

  /** The same for a directory: whoever used it may have gone while it got its descriptor. */
  void dropUnwanted(DirNode dir) {
    SharedFd unwanted = dir.isReferenced() ? null : dir.takeOrphan();
    if (unwanted != null) {
      unwanted.retire();
    }
  }

  /**
   * Takes the names that only the lowers have from a copy that has lost its entry in the index:
   * they lead to the lowers' file.
   *
   * @param copy its inode in the upper
   */
  void lowerNames(FileNode file, HostInode copy, Outdated outdated) {
    union.nodes().forgetOthers(file, copy);
    outdated.file(file);
    loseLowerNames(file, outdated);
  }

  /** The same for a file whose copy is gone, or kept by its descriptor alone. */
  void lowerNames(FileNode file, Outdated outdated) throws ErrnoException {
    SharedFd own = file.orphan();
    if (own != null && own.tryPin()) {
      try {
        Stat stat = new Stat();
        sys.fstatx(own.fd(), stat);
        union.nodes().forgetOthers(file, union.identities().host(stat.dev, stat.ino));
      } finally {
        own.unpin();
      }
    } else {
      remove(file);
    }
    loseLowerNames(file, outdated);
  }

  private void loseLowerNames(FileNode file, Outdated outdated) {
    for (Link link : file.placement().links()) {
      if (link.inUpper()) {
        continue;
      }
      try (Locks.Locked locked = union.locks().write(link.parent())) {
        file.update(at -> at.withoutLink(link.parent(), link.name()));
        union.cache().forget(link.parent(), link.name());
        outdated.name(link.parent(), link.name());
        outdated.directory(link.parent());
      }
    }
  }
}
