package io.unionfs.core;

import io.unionfs.core.FileNode.Link;
import io.unionfs.core.FileNode.Placement;
import io.unionfs.core.Identities.HostInode;
import io.unionfs.layer.InSpiteOfMode;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.ProtectionMark;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.statistics.CopyUps;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * A copy is made complete in the work directory - data, owner, mode, xattrs, times - and gets its
 * name in the upper by one rename(2), so the upper shows nothing or the whole file, also after a
 * crash. The data is durable before the name switches to it (kernel overlayfs does the same), or a
 * power cut could trade a good lower file for a torn one.
 *
 * One copy-up of a node runs at a time, and others that want it wait for it. No directory lock is
 * held while data is copied: who removes or renames the file meanwhile is not stopped, and the copy
 * then goes where the file went.
 */
/** The move of nodes from lower layers to the upper. */
final class CopyUp {
  private static final Logger log = LoggerFactory.getLogger(CopyUp.class);
  private static final int NO_DATA = -1;

  private final UnionState union;
  private final Sys sys;
  private final HardLinks hardLinks;
  private final IndexLinks indexLinks;
  private final OriginNumbers numbers;
  private final OpenFiles openFiles;
  private final Protection protection;
  private final DataCopy dataCopy;
  private final DirectoryCopy directoryCopy;
  private final CopyUps figures;
  private final DescriptorCloser closer;
  private final ConcurrentMap<Node, CountDownLatch> flights = new ConcurrentHashMap<>();

  CopyUp(
      UnionState union,
      HardLinks hardLinks,
      OriginNumbers numbers,
      OpenFiles openFiles,
      Protection protection,
      CopyUps figures) {
    this.union = union;
    this.numbers = numbers;
    this.sys = union.sys();
    this.hardLinks = hardLinks;
    this.indexLinks = new IndexLinks(union, hardLinks);
    this.openFiles = openFiles;
    this.protection = protection;
    this.dataCopy = new DataCopy(union);
    this.directoryCopy = new DirectoryCopy(union, protection);
    this.figures = figures;
    this.closer = new DescriptorCloser(sys);
  }

  /** Waits until nothing of earlier copies is left to be given up. */
  void awaitClosed() {
    closer.await();
  }

  private interface Steps {
    boolean done();

    void run() throws ErrnoException;
  }

  private void once(Node node, Steps steps) throws ErrnoException {
    while (!steps.done()) {
      CountDownLatch mine = new CountDownLatch(1);
      CountDownLatch running = flights.putIfAbsent(node, mine);
      if (running != null) {
        await(running);
        continue;
      }
      try {
        if (!steps.done()) {
          steps.run();
        }
      } finally {
        flights.remove(node, mine);
        mine.countDown();
      }
    }
  }

  private static void await(CountDownLatch running) throws ErrnoException {
    try {
      running.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ErrnoException.of(Errno.EINTR);
    }
  }

  /** Whether a file is being copied up right now, so that a change of it would have to wait. */
  boolean runs(FileNode file) {
    return flights.containsKey(file);
  }

  /** Copies a file up, if it is not in the upper yet. */
  void file(FileNode file) throws ErrnoException {
    file(file, Long.MAX_VALUE);
  }

  /** Copies a file up with no more than the first {@code limit} bytes of its data. */
  void file(FileNode file, long limit) throws ErrnoException {
    WorkDir work = union.requireWritable();
    if (file.dataInUpper()) {
      return;
    }
    once(
        file,
        new Steps() {
          @Override
          public boolean done() {
            return file.dataInUpper();
          }

          @Override
          public void run() throws ErrnoException {
            if (file.copiedUp()) {
              fill(file, limit);
            } else {
              copy(work, file, limit);
            }
          }
        });
  }

  /*
   * An upper file without data of its own, as kernel overlayfs makes with metacopy=on, gets them in
   * place. The mark goes last: until then the data are the lower's, also after a crash.
   */
  private void fill(FileNode file, long limit) throws ErrnoException {
    Place data = file.data();
    if (data == null) {
      return;
    }
    long start = System.nanoTime();
    Stat stat = new Stat();
    SharedFd to = openFiles.pinForWrite(file);
    try {
      sys.fstatx(to.fd(), stat);
      if (copyData(file, stat, to.fd(), limit)) {
        sys.fsync(to.fd());
      }
      if (limit < stat.size) {
        sys.ftruncate(to.fd(), limit); // what was not copied must not read as zeros
      }
      sys.futimens(to.fd(), stat.atime, stat.atimeNsec, stat.mtime, stat.mtimeNsec);
      union.marks().removeMetacopy(to.fd());
    } finally {
      to.unpin();
    }
    file.setData(null);
    log.debug("{} has data of its own, {} bytes", file, limit);
    figures.addFile(file, Math.min(stat.size, limit), System.nanoTime() - start);
  }

  /**
   * Copies a directory up, and those above it first. One that was removed gets a copy without a
   * name, for those who have it open.
   */
  void directory(DirNode dir) throws ErrnoException {
    WorkDir work = union.requireWritable();
    if (dir.upper() != null) {
      return;
    }
    if (!dir.isRemoved()) {
      directory(dir.parent());
    }
    once(
        dir,
        new Steps() {
          @Override
          public boolean done() {
            return dir.upper() != null || dir.orphan() != null;
          }

          @Override
          public void run() throws ErrnoException {
            copy(work, dir);
          }
        });
  }

  private void copy(WorkDir work, DirNode dir) throws ErrnoException {
    long start = System.nanoTime();
    Name temporary = work.newName();
    SharedFd workFd = work.dir().pin();
    boolean placed = false;
    try {
      directoryCopy.make(dir.lowers().get(0), workFd, temporary);
      DirNode parent = dir.parent();
      try (Locks.Locked locked = union.locks().write(parent)) {
        if (dir.isRemoved()) {
          adoptRemoved(work, temporary, dir);
          return;
        }
        if (dir.parent() != parent) {
          return; // renamed meanwhile: the caller tries again
        }
        LayerDir upperParent = parent.requireUpper();
        place(workFd, temporary, upperParent, dir.name());
        placed = true;
        dir.setUpper(upperParent.child(dir.name()));
      }
    } finally {
      workFd.unpin();
      if (!placed) {
        work.discard(temporary);
      }
    }
    figures.addDirectory(System.nanoTime() - start);
  }

  private void adoptRemoved(WorkDir work, Name temporary, DirNode dir) throws ErrnoException {
    dir.setOrphan(new SharedFd(sys, work.dir().child(temporary).openSelf()));
    if (!dir.isReferenced()) {
      SharedFd kept = dir.takeOrphan();
      if (kept != null) {
        kept.retire();
      }
      throw ErrnoException.of(Errno.ENOENT);
    }
  }

  /*
   * Gives a finished copy its name; the parent did not change, so its times stay. Its mode may keep a
   * server without privileges out.
   */
  private void place(SharedFd workFd, Name temporary, LayerDir parent, Name name)
      throws ErrnoException {
    InSpiteOfMode.runIn(
        parent,
        () -> {
          placeIn(workFd, temporary, parent, name);
          return name;
        });
  }

  private void placeIn(SharedFd workFd, Name temporary, LayerDir parent, Name name)
      throws ErrnoException {
    SharedFd parentFd = parent.pin();
    try {
      Stat before = new Stat();
      sys.fstatx(parentFd.fd(), before);
      move(workFd, temporary, parentFd, name);
      indexLinks.keepTimes(parentFd, before);
    } finally {
      parentFd.unpin();
    }
  }

  /* A directory that its owner may not write to cannot be moved by an owner without privileges. */
  private void move(SharedFd workFd, Name temporary, SharedFd parentFd, Name name)
      throws ErrnoException {
    try {
      sys.renameat2(workFd.fd(), temporary, parentFd.fd(), name, Linux.RENAME_NOREPLACE);
      return;
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EACCES) {
        throw e;
      }
    }
    int mode = InSpiteOfMode.widen(sys, workFd.fd(), temporary);
    boolean moved = false;
    try {
      sys.renameat2(workFd.fd(), temporary, parentFd.fd(), name, Linux.RENAME_NOREPLACE);
      moved = true;
    } finally {
      SharedFd dir = moved ? parentFd : workFd;
      sys.fchmodat(dir.fd(), moved ? name : temporary, mode);
    }
  }

  private void copy(WorkDir work, FileNode file, long limit) throws ErrnoException {
    long start = System.nanoTime();
    Place lower = file.requireLower();
    LayerDir lowerDir = lower.dir();
    Name lowerName = lower.name();
    Stat stat = new Stat();
    int errno = lowerDir.tryStat(lowerName, stat);
    if (errno != 0) {
      throw ErrnoException.of(errno == Errno.ENOENT ? Errno.ESTALE : errno);
    }
    if (stat.type() != file.type()) {
      throw ErrnoException.of(Errno.ESTALE);
    }
    Name temporary = work.newName();
    SharedFd workFd = work.dir().pin();
    boolean placed = false;
    Name index = null;
    int data = NO_DATA;
    try {
      boolean sync = false;
      if (file.isRegular()) {
        int flags = Linux.O_CREAT | Linux.O_EXCL | Linux.O_RDWR | work.layer().quietFlags();
        data = sys.openat(workFd.fd(), temporary, flags, 0600);
        sync = copyData(file, stat, data, limit);
      } else {
        makeSpecial(file, stat, workFd, temporary);
      }
      HostFile copy = new HostFile(sys, workFd.fd(), temporary, union.owners());
      Stat made = new Stat();
      copy.stat(made);
      HostInode inode = union.identities().host(made.dev, made.ino);
      SharedFd from = lowerDir.pin();
      try {
        MetadataCopy.begin(
            new HostFile(sys, from.fd(), lowerName, lowerDir.layer().ownerOverride()),
            stat,
            copy,
            made,
            CopiedOwners.from(lowerDir.layer(), union.options().owners()),
            file.isPlain());
      } finally {
        from.unpin();
      }
      protection.mark(copy, ProtectionMark.ofHost(stat));
      FileHandle handle = hardLinks.handleOf(lowerDir, lowerName);
      if (handle != null) {
        union.marks().setOrigin(workFd.fd(), temporary, handle, hardLinks.uuid(lowerDir.layer()));
      }
      numbers.write(workFd.fd(), temporary, file);
      MetadataCopy.finish(stat, copy);
      if (limit < stat.size) {
        copy.utimens(0, Linux.UTIME_OMIT, 0, Linux.UTIME_NOW); // it is truncated, not copied
      }
      if (sync) {
        sys.fsync(data);
      }
      if (stat.nlink > 1) {
        prepareEntry(file, inode);
        index = indexLinks.enter(work, workFd, temporary, file);
      }
      placed = commit(work, workFd, temporary, inode, file, index, stat.nlink);
      log.debug("{} is copied up, {} bytes", file, Math.min(stat.size, limit));
    } finally {
      workFd.unpin();
      if (!placed && !file.copiedUp()) {
        withdrawEntry(work, index, file);
        work.discard(temporary);
      }
      if (data != NO_DATA && !placed) {
        closer.close(data, stat.size);
      }
    }
    openFiles.drop(file);
    if (data != NO_DATA) {
      openFiles.adopt(file, data); // a write is likely to follow
    }
    long copied = data == NO_DATA ? 0 : Math.min(stat.size, limit);
    figures.addFile(file, copied, System.nanoTime() - start);
  }

  /*
   * Who finds the entry in the index under another name is to get this node. What can fail is done
   * before: an entry without a name beside it would be a second file.
   */
  private void prepareEntry(FileNode file, HostInode copy) throws ErrnoException {
    List<Link> links = file.placement().links();
    if (!links.isEmpty()) {
      directory(links.get(0).parent());
    }
    union.nodes().alias(copy, file);
  }

  /* The file is the lower's again, under all its names. */
  private void withdrawEntry(WorkDir work, @Nullable Name index, FileNode file) {
    union.nodes().forgetCopy(file);
    LayerDir indexDir = work.index();
    if (index == null || indexDir == null) {
      return;
    }
    try {
      SharedFd fd = indexDir.pin();
      try {
        sys.unlinkat(fd.fd(), index, 0);
      } finally {
        fd.unpin();
      }
    } catch (ErrnoException e) { // why the copy failed is what the caller is told
      log.warn("{}: an unfinished copy stays in the index: {}", file, e.getMessage());
    }
  }

  private void makeSpecial(FileNode file, Stat stat, SharedFd workFd, Name temporary)
      throws ErrnoException {
    if (file.isSymlink()) {
      Place lower = file.requireLower();
      SharedFd fromDir = lower.dir().pin();
      try {
        byte[] target = sys.readlinkat(fromDir.fd(), lower.name());
        sys.symlinkat(target, workFd.fd(), temporary);
      } finally {
        fromDir.unpin();
      }
    } else {
      union.makeSpecial(workFd.fd(), temporary, file.type() | 0600, stat.rdev);
    }
  }

  /* Whether the copy needs an fsync(2). */
  private boolean copyData(FileNode file, Stat stat, int to, long limit) throws ErrnoException {
    if (stat.size == 0 || limit == 0) {
      return false;
    }
    Place data = file.data();
    Place source = data != null ? data : file.requireLower();
    SharedFd from = openFiles.pinForRead(file);
    try {
      boolean wrote = dataCopy.copy(source.dir().layer(), from.fd(), stat, to, limit);
      return wrote && !union.options().isVolatile();
    } finally {
      from.unpin();
    }
  }

  /* Whether the temporary name is gone: renamed to its place, or removed with the file. */
  private boolean commit(
      WorkDir work,
      SharedFd workFd,
      Name temporary,
      HostInode inode,
      FileNode file,
      @Nullable Name index,
      int lowerNlink)
      throws ErrnoException {
    while (true) {
      Placement before = file.placement();
      if (before.links().isEmpty()) {
        if (adoptRemoved(work, temporary, file, index, lowerNlink)) {
          return true;
        }
        continue; // it was found under another name
      }
      Link link = before.links().get(0);
      directory(link.parent());
      try (Locks.Locked locked = union.locks().write(link.parent())) {
        if (file.placement().linkAt(link.parent(), link.name()) == null) {
          continue;
        }
        LayerDir parent = link.parent().requireUpper();
        markImpure(link.parent());
        place(workFd, temporary, parent, link.name());
        union.nodes().alias(inode, file);
        file.setForeign();
        file.setNlinkDifference(index == null ? 0 : lowerNlink - 2); // its name, and the index
        file.update(now -> copiedUp(now, link, index));
        file.setData(null);
        if (index != null) {
          indexLinks.recordFirst(file, parent, link.name()); // may fail: the copy is there
        }
        return true;
      }
    }
  }

  private static Placement copiedUp(Placement now, Link link, @Nullable Name index) {
    Placement moved = now.withLink(new Link(link.parent(), link.name(), true));
    return new Placement(true, moved.links(), index);
  }

  /*
   * The file lost its last name while it was copied: the copy lives by its descriptor, and in the
   * index if it has other names there. Without an entry those others are the lower's own. False where
   * a name was found meanwhile.
   */
  private boolean adoptRemoved(
      WorkDir work, Name temporary, FileNode file, @Nullable Name index, int lowerNlink)
      throws ErrnoException {
    int fd =
        file.isRegular()
            ? openFiles.openWritable(work.dir(), temporary)
            : work.dir().openPath(temporary);
    SharedFd copy = new SharedFd(sys, fd);
    if (index == null) {
      union.nodes().forgetAll(file); // nobody finds it from here on
    }
    file.setOrphan(copy); // before the file is taken to be there
    file.setNlinkDifference(index == null ? 0 : lowerNlink - 2); // less the name that is gone
    Placement now =
        file.update(at -> at.links().isEmpty() ? new Placement(true, at.links(), index) : at);
    if (!now.links().isEmpty()) {
      file.takeOrphan();
      copy.retire();
      return false;
    }
    file.setData(null);
    if (index == null) {
      file.markRemoved();
    } else {
      file.setForeign();
    }
    work.discard(temporary);
    if (!file.isReferenced()) {
      SharedFd kept = file.takeOrphan();
      if (kept != null) {
        kept.retire();
      }
    }
    return true;
  }

  /**
   * Notes in the upper that a directory holds what has the inode number of something in a lower.
   */
  void markImpure(DirNode parent) throws ErrnoException {
    if (parent.impure() == 1) {
      return;
    }
    LayerDir upper = parent.requireUpper();
    InSpiteOfMode.runIn(
        upper,
        () -> {
          SharedFd fd = upper.pin();
          try {
            union.marks().setImpure(fd.fd(), Name.DOT);
          } finally {
            fd.unpin();
          }
          return upper;
        });
    parent.setImpure(1);
  }

  /**
   * Makes sure that a name of a file is an entry of the upper: of an indexed file, a name that only
   * a lower has becomes a link of the copy.
   */
  void name(FileNode file, DirNode parent, Name name) throws ErrnoException {
    file(file);
    directory(parent);
    Link link = file.placement().linkAt(parent, name);
    if (link == null || link.inUpper()) {
      return; // gone meanwhile: the caller looks again under its locks
    }
    WorkDir work = union.requireWritable();
    LayerDir indexDir = work.index();
    Name index = file.placement().index();
    if (indexDir == null || index == null) {
      nameWithoutIndex(file, parent, name);
      return;
    }
    try (Locks.Locked locked = union.locks().write(parent)) {
      link = file.placement().linkAt(parent, name);
      if (link == null || link.inUpper()) {
        return;
      }
      markImpure(parent);
      indexLinks.addName(file, parent, name, indexDir, index);
    }
  }

  /*
   * Where lowers have no file handles, or overlap, the copy has no entry in the index: it is linked from another
   * name that it has in the upper.
   */
  private void nameWithoutIndex(FileNode file, DirNode parent, Name name) throws ErrnoException {
    while (true) {
      Link copy = Places.upperLink(file.placement());
      if (copy == null || copy.parent().isRemoved()) {
        throw ErrnoException.of(Errno.ESTALE);
      }
      try (Locks.Locked locked = union.locks().write(parent, copy.parent())) {
        Placement now = file.placement();
        Link link = now.linkAt(parent, name);
        if (link == null || link.inUpper() || parent.isRemoved()) {
          return;
        }
        if (!copy.equals(now.linkAt(copy.parent(), copy.name()))) {
          continue; // renamed meanwhile
        }
        Stat below = union.rules().resolve(parent.lowers(), name).stat();
        if (below == null || !file.isKnownBy(union.identities().host(below.dev, below.ino))) {
          drop(file, parent, name);
          return;
        }
        markImpure(parent);
        indexLinks.addName(file, copy, parent, name);
        return;
      }
    }
  }

  /* A name that others took from the file behind the union; the directory's write lock is held. */
  private void drop(FileNode file, DirNode parent, Name name) {
    file.update(at -> at.withoutLink(parent, name));
    union.cache().forget(parent, name);
  }

  /**
   * Makes another name of a copy an entry of the upper, or takes it from the file where it is no
   * longer one of its names.
   */
  void otherName(FileNode file, Link link) throws ErrnoException {
    try {
      name(file, link.parent(), link.name());
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EEXIST && e.errno() != Errno.ENOENT && e.errno() != Errno.ESTALE) {
        throw e;
      }
      try (Locks.Locked locked = union.locks().write(link.parent())) {
        Link now = file.placement().linkAt(link.parent(), link.name());
        if (now != null && !now.inUpper()) {
          drop(file, link.parent(), link.name());
        }
      }
    }
  }

  /** Whether the copy of a lower file with several names gets an entry in the index. */
  boolean isIndexable(FileNode file) throws ErrnoException {
    return indexLinks.isIndexable(file);
  }
}
