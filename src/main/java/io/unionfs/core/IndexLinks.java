package io.unionfs.core;

import io.unionfs.core.FileNode.Link;
import io.unionfs.layer.InSpiteOfMode;
import io.unionfs.layer.LayerDir;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * As kernel overlayfs with index=on (fs/overlayfs/copy_up.c, ovl_set_nlink_*): while a link is made
 * the count is noted relative to the lower inode, which does not change, so that it is right wherever
 * a crash may come. Too low it would drop the index while a lower name needs it.
 */
/** The links of copied-up files to the index, and the count of their names. */
final class IndexLinks {
  private static final Logger log = LoggerFactory.getLogger(IndexLinks.class);

  private final UnionState union;
  private final Sys sys;
  private final HardLinks hardLinks;

  IndexLinks(UnionState union, HardLinks hardLinks) {
    this.union = union;
    this.sys = union.sys();
    this.hardLinks = hardLinks;
  }

  /** Whether the lower's file system has file handles, by which entries are named. */
  boolean isIndexable(FileNode file) throws ErrnoException {
    Place lower = file.requireLower();
    return hardLinks.indexName(lower.dir(), lower.name()) != null;
  }

  /**
   * Gives a copy its entry in the index, before it has a name in the upper.
   *
   * @return the entry, or null where the lower's file system has no file handles
   */
  @Nullable Name enter(WorkDir work, SharedFd workFd, Name temporary, FileNode file)
      throws ErrnoException {
    Place lower = file.requireLower();
    Name index = hardLinks.indexName(lower.dir(), lower.name());
    if (index == null) {
      log.warn("{}: its file system has no file handles; its other names stay apart", file);
      return null;
    }
    LayerDir indexDir = work.makeIndex();
    SharedFd indexFd = indexDir.pin();
    try {
      record(() -> union.marks().setNlinkDifferenceToLower(workFd.fd(), temporary, 0));
      int errno = sys.tryLinkat(workFd.fd(), temporary, indexFd.fd(), index);
      if (errno == Errno.EEXIST) {
        // of a node that nobody holds any more, or left by a crash before its first name
        sys.unlinkat(indexFd.fd(), index, 0);
        sys.linkat(workFd.fd(), temporary, indexFd.fd(), index);
      } else if (errno != 0) {
        throw ErrnoException.of(errno);
      }
    } finally {
      indexFd.unpin();
    }
    return index;
  }

  /** Notes the number of names of a copy that just got its first one beside the index. */
  void recordFirst(FileNode file, LayerDir parent, Name name) throws ErrnoException {
    int difference = file.nlinkDifference();
    InSpiteOfMode.runIn(
        parent,
        () -> {
          SharedFd fd = parent.pin();
          try {
            recordDifference(fd, name, difference);
          } finally {
            fd.unpin();
          }
          return name;
        });
  }

  private void recordDifference(SharedFd dirFd, Name name, int difference) throws ErrnoException {
    record(() -> union.marks().setNlinkDifference(dirFd.fd(), name, difference));
  }

  /** Gives a directory back the times that it had before it got an entry which it shows anyway. */
  void keepTimes(SharedFd dir, Stat before) {
    try {
      sys.utimensat(
          dir.fd(), Name.DOT, before.atime, before.atimeNsec, before.mtime, before.mtimeNsec);
    } catch (ErrnoException e) {
      log.debug("a directory's times have changed: {}", e.getMessage());
    }
  }

  private interface Recording {
    void run() throws ErrnoException;
  }

  /* A node that cannot carry the xattr stays without. */
  private static void record(Recording recording) throws ErrnoException {
    try {
      recording.run();
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EPERM && e.errno() != Errno.EOPNOTSUPP) {
        throw e;
      }
    }
  }

  /** Makes a name that only a lower has a link of the copy; the parent's write lock is held. */
  void addName(FileNode file, DirNode parent, Name name, LayerDir indexDir, Name index)
      throws ErrnoException {
    InSpiteOfMode.runIn(
        parent.requireUpper(),
        () -> {
          link(file, parent, name, indexDir, index);
          return name;
        });
  }

  private void link(FileNode file, DirNode parent, Name name, LayerDir indexDir, Name index)
      throws ErrnoException {
    Stat lower = union.rules().resolve(parent.lowers(), name).stat();
    SharedFd indexFd = indexDir.pin();
    SharedFd parentFd = null;
    try {
      parentFd = parent.requireUpper().pin();
      Stat before = new Stat();
      sys.fstatx(parentFd.fd(), before);
      if (lower != null) {
        Stat copy = new Stat();
        sys.statx(indexFd.fd(), index, copy);
        int names = copy.nlink + file.nlinkDifference();
        int more = names - lower.nlink;
        record(() -> union.marks().setNlinkDifferenceToLower(indexFd.fd(), index, more));
      }
      int difference;
      Lock counting = union.locks().linkCount(file).writeLock();
      counting.lock();
      try {
        sys.linkat(indexFd.fd(), index, parentFd.fd(), name);
        difference = file.addNlinkDifference(-1);
      } finally {
        counting.unlock();
      }
      file.update(now -> now.withLink(new Link(parent, name, true)));
      keepTimes(parentFd, before);
      recordDifference(indexFd, index, difference);
    } finally {
      if (parentFd != null) {
        parentFd.unpin();
      }
      indexFd.unpin();
    }
  }

  /**
   * The same for a copy without an entry in the index, from a name that it has. The write locks of
   * both parents are held.
   */
  void addName(FileNode file, Link copy, DirNode parent, Name name) throws ErrnoException {
    LayerDir from = copy.parent().requireUpper();
    LayerDir to = parent.requireUpper();
    InSpiteOfMode.runIn(
        to,
        () ->
            InSpiteOfMode.runIn(
                from,
                () -> {
                  link(file, copy, new Link(parent, name, true));
                  return name;
                }));
  }

  private void link(FileNode file, Link copy, Link added) throws ErrnoException {
    LayerDir to = added.parent().requireUpper();
    SharedFd fromFd = copy.parent().requireUpper().pin();
    SharedFd toFd = null;
    try {
      toFd = to.pin();
      Stat before = new Stat();
      sys.fstatx(toFd.fd(), before);
      sys.linkat(fromFd.fd(), copy.name(), toFd.fd(), added.name());
      file.update(now -> now.withLink(added));
      keepTimes(toFd, before);
    } finally {
      if (toFd != null) {
        toFd.unpin();
      }
      fromFd.unpin();
    }
  }
}
