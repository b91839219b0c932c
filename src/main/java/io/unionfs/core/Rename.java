package io.unionfs.core;

import io.unionfs.core.FileNode.Link;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.WhiteoutFormat;
import io.unionfs.layer.Whiteouts;
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
 * What is renamed is in the upper first: a file is copied up, a directory must be there alone
 * (EXDEV otherwise, so that mv(1) copies), or redirect_dir=on lets a mark tell where the rest is. The
 * rename is then one renameat2(2) of the host, and where a lower has the old name the same call leaves
 * a whiteout (RENAME_WHITEOUT). Where it cannot, there are two steps and a record of them
 * (UnfinishedRenames).
 */
/** The renaming of files and directories. */
final class Rename {
  private static final Logger log = LoggerFactory.getLogger(Rename.class);

  private final UnionState union;
  private final Sys sys;
  private final Lookup lookup;
  private final CopyUp copyUp;
  private final Removal removal;
  private final Listings listings;
  private final RedirectPaths redirects;

  Rename(UnionState union, Lookup lookup, CopyUp copyUp, Removal removal, Listings listings) {
    this.union = union;
    this.sys = union.sys();
    this.lookup = lookup;
    this.copyUp = copyUp;
    this.removal = removal;
    this.listings = listings;
    this.redirects = new RedirectPaths(union);
  }

  /**
   * One side of a rename.
   *
   * @param below whether the layers below have the name; of the new one it matters to directories
   *     alone, which must not show what is there
   */
  private record Side(DirNode parent, Name name, @Nullable Node node, boolean below) {
    LayerDir upper() {
      return parent.requireUpper();
    }
  }

  void rename(DirNode oldParent, Name oldName, DirNode newParent, Name newName, int flags)
      throws ErrnoException {
    boolean exchange = flags == Linux.RENAME_EXCHANGE;
    boolean noreplace = flags == Linux.RENAME_NOREPLACE;
    if (flags != 0 && !exchange && !noreplace) {
      throw ErrnoException.of(Errno.EINVAL);
    }
    union.checkNew(newName);
    union.requireWritable();
    boolean twoSteps = union.marks().whiteouts().format() == WhiteoutFormat.XATTR;
    while (true) {
      Node node = lookup.find(oldParent, oldName);
      if (node == null) {
        throw ErrnoException.of(Errno.ENOENT);
      }
      Node target = lookup.find(newParent, newName);
      if (noreplace && target != null) {
        throw ErrnoException.of(Errno.EEXIST);
      }
      if (exchange && target == null) {
        throw ErrnoException.of(Errno.ENOENT);
      }
      checkTree(node, newParent);
      if (target instanceof DirNode above && isBelow(oldParent, above)) {
        throw ErrnoException.of(exchange ? Errno.EINVAL : Errno.ENOTEMPTY);
      }
      if (node == target) {
        return; // rename(2): two names of one file stay as they are
      }
      if (!exchange) {
        checkTypes(node, target);
      }
      requireMovable(node);
      if (exchange && target != null) {
        requireMovable(target);
      }
      Side from = new Side(oldParent, oldName, node, lookup.existsBelow(oldParent, oldName));
      boolean directories = node.isDirectory() || target instanceof DirNode;
      boolean hides = directories && lookup.existsBelow(newParent, newName);
      Side to = new Side(newParent, newName, target, hides);
      prepare(from, to, exchange);
      switch (attempt(from, to, node, exchange, twoSteps)) {
        case DONE -> {
          return;
        }
        case NEEDS_TWO_STEPS -> twoSteps = true;
        case TREE_CHANGED -> {}
      }
    }
  }

  private enum Outcome {
    DONE,
    /** Between the look at the tree and the locks. */
    TREE_CHANGED,
    /** The host leaves no whiteout, and the rename lock is needed. */
    NEEDS_TWO_STEPS
  }

  private static void checkTypes(Node node, @Nullable Node target) throws ErrnoException {
    if (target == null) {
      return;
    }
    if (node.isDirectory() && !target.isDirectory()) {
      throw ErrnoException.of(Errno.ENOTDIR);
    }
    if (!node.isDirectory() && target.isDirectory()) {
      throw ErrnoException.of(Errno.EISDIR);
    }
  }

  /* A directory cannot move into itself. */
  private static void checkTree(Node node, DirNode newParent) throws ErrnoException {
    if (node instanceof DirNode dir && isBelow(newParent, dir)) {
      throw ErrnoException.of(Errno.EINVAL);
    }
  }

  private static boolean isBelow(DirNode dir, DirNode above) {
    DirNode at = dir;
    while (at != above) {
      if (at.isRoot()) {
        return false;
      }
      at = at.parent();
    }
    return true;
  }

  private void requireMovable(Node node) throws ErrnoException {
    boolean redirects = union.options().redirectDir() == RedirectDir.ON;
    if (node instanceof DirNode dir && !dir.lowers().isEmpty() && !redirects) {
      throw ErrnoException.of(Errno.EXDEV);
    }
  }

  /* Everything that may take long or needs other directories' locks. */
  private void prepare(Side from, Side to, boolean exchange) throws ErrnoException {
    if (!exchange && to.node() instanceof DirNode target) {
      listings.requireEmpty(target, indexOf(target));
    }
    if (from.node() instanceof FileNode file) {
      copyUp.name(file, from.parent(), from.name());
    } else if (from.node() instanceof DirNode dir) {
      copyUp.directory(dir);
    }
    if (to.node() instanceof FileNode target) {
      if (exchange) {
        copyUp.name(target, to.parent(), to.name());
      } else {
        removal.keepCount(target, to.parent(), to.name());
      }
    } else if (exchange && to.node() instanceof DirNode dir) {
      copyUp.directory(dir);
    }
    copyUp.directory(from.parent());
    copyUp.directory(to.parent());
  }

  private @Nullable LowerIndex indexOf(DirNode dir) throws ErrnoException {
    return dir.lowers().isEmpty() ? null : lookup.readIndex(dir);
  }

  private Outcome attempt(Side from, Side to, Node node, boolean exchange, boolean twoSteps)
      throws ErrnoException {
    LowerIndex fromIndex = lookup.index(from.parent());
    LowerIndex toIndex = lookup.index(to.parent());
    DirNode target = to.node() instanceof DirNode dir ? dir : to.parent();
    LowerIndex targetIndex = to.node() instanceof DirNode dir ? indexOf(dir) : null;
    boolean shapes = twoSteps || node.isDirectory() || to.node() instanceof DirNode;
    Name left = null;
    try (Locks.Locked shape = shapes ? union.locks().rename() : null;
        Locks.Locked locked = union.locks().write(from.parent(), to.parent(), target)) {
      if (from.parent().isRemoved() || to.parent().isRemoved()) {
        throw ErrnoException.of(Errno.ENOENT);
      }
      if (lookup.findLocked(from.parent(), from.name(), fromIndex) != node
          || lookup.findLocked(to.parent(), to.name(), toIndex) != to.node()
          || !namesInUpper(from, to, exchange)) {
        return Outcome.TREE_CHANGED;
      }
      checkTree(node, to.parent());
      if (exchange) {
        exchangeLocked(from, to, node);
      } else {
        if (to.node() instanceof DirNode victim) {
          listings.requireEmptyLocked(victim, targetIndex);
        }
        if (node instanceof DirNode dir) {
          left = directoryLocked(from, to, dir);
        } else if (!fileLocked(from, to, (FileNode) node, twoSteps)) {
          return Outcome.NEEDS_TWO_STEPS;
        }
      }
    }
    if (left != null) {
      union.requireWritable().discard(left);
    }
    return Outcome.DONE;
  }

  /* Whether the files of both sides are still entries of the upper, as prepared. */
  private static boolean namesInUpper(Side from, Side to, boolean exchange) {
    return inUpper(from) && (!exchange || inUpper(to));
  }

  private static boolean inUpper(Side side) {
    if (!(side.node() instanceof FileNode file)) {
      return true;
    }
    Link link = file.placement().linkAt(side.parent(), side.name());
    return link != null && link.inUpper();
  }

  /* False, with nothing done, if it takes two steps and may not. */
  private boolean fileLocked(Side from, Side to, FileNode file, boolean twoSteps)
      throws ErrnoException {
    FileNode target = to.node() instanceof FileNode other ? other : null;
    SharedFd kept =
        target != null && inUpper(to) ? removal.hold(target, to.parent(), to.name()) : null;
    try {
      if (file.isForeign()) {
        copyUp.markImpure(to.parent());
      }
      if (!from.below()) {
        LayerDir.rename(from.upper(), from.name(), to.upper(), to.name(), 0, null, null);
      } else if (!leavingWhiteout(from, to, null)) {
        if (!twoSteps) {
          return false;
        }
        linkAndReplace(from, to);
      }
      if (target != null) {
        SharedFd held = kept;
        kept = null;
        removal.forget(target, to.parent(), to.name(), held);
      }
    } finally {
      if (kept != null) {
        kept.retire();
      }
    }
    moved(from, to, file);
    return true;
  }

  private void moved(Side from, Side to, FileNode file) {
    Link link = new Link(to.parent(), to.name(), true);
    file.update(now -> now.withLink(link).withoutLink(from.parent(), from.name()));
    union.cache().putAbsent(from.parent(), from.name());
    union.cache().put(to.parent(), to.name(), file);
  }

  /* False if the host cannot do it in one step. */
  private boolean leavingWhiteout(Side from, Side to, @Nullable LayerDir moved)
      throws ErrnoException {
    WorkDir work = union.requireWritable();
    Whiteouts whiteouts = union.marks().whiteouts();
    if (whiteouts.standsBeside(from.name())) {
      placeWhiteout(work, from);
      LayerDir.rename(from.upper(), from.name(), to.upper(), to.name(), 0, moved, null);
      return true;
    }
    if (whiteouts.format() == WhiteoutFormat.XATTR) {
      return false;
    }
    try {
      LayerDir.rename(
          from.upper(), from.name(), to.upper(), to.name(), Linux.RENAME_WHITEOUT, moved, null);
      return true;
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EINVAL && e.errno() != Errno.EPERM) {
        throw e;
      }
      return false;
    }
  }

  private Name beginRecord(WorkDir work, Side from, Side to) throws ErrnoException {
    boolean durable = !union.options().isVolatile();
    return work.renames().begin(from.parent(), from.name(), to.parent(), to.name(), durable);
  }

  /*
   * The file has both names for a moment, never neither. All that needs room is made first. Should the
   * last step fail, the record stays, and the next mount takes it.
   */
  private void linkAndReplace(Side from, Side to) throws ErrnoException {
    WorkDir work = union.requireWritable();
    Name record = beginRecord(work, from, to);
    boolean keepRecord = false;
    Name whiteout = null;
    Name link = null;
    SharedFd fromFd = null;
    SharedFd toFd = null;
    SharedFd workFd = null;
    try {
      fromFd = from.upper().pin();
      toFd = to.upper().pin();
      workFd = work.dir().pin();
      work.announceWhiteout(fromFd.fd());
      whiteout = work.newWhiteout();
      link = work.newName();
      sys.linkat(fromFd.fd(), from.name(), workFd.fd(), link);
      sys.renameat2(workFd.fd(), link, toFd.fd(), to.name(), 0);
      link = null;
      keepRecord = true;
      sys.renameat2(workFd.fd(), whiteout, fromFd.fd(), from.name(), 0);
      whiteout = null;
      keepRecord = false;
    } finally {
      unpin(workFd);
      unpin(toFd);
      unpin(fromFd);
      discard(work, link);
      discard(work, whiteout);
      if (keepRecord) {
        work.renames().leave(record);
      } else {
        work.renames().end(record);
      }
    }
  }

  private static void discard(WorkDir work, @Nullable Name name) {
    if (name != null) {
      work.discard(name);
    }
  }

  private static void placeWhiteout(WorkDir work, Side side) throws ErrnoException {
    SharedFd fd = side.upper().pin();
    try {
      work.placeWhiteout(fd.fd(), side.name());
    } finally {
      fd.unpin();
    }
  }

  /*
   * A directory has no second name: a whiteout is put under the new one and the two are exchanged.
   * An empty directory there makes room for it in one step, so nothing below shows through.
   */
  private void exchangeDirectory(WorkDir work, Side from, Side to, LayerDir moved)
      throws ErrnoException {
    Name record = beginRecord(work, from, to);
    boolean keepRecord = false;
    Name left = null;
    SharedFd fromFd = null;
    SharedFd toFd = null;
    SharedFd workFd = null;
    try {
      fromFd = from.upper().pin();
      toFd = to.upper().pin();
      workFd = work.dir().pin();
      work.announceWhiteout(fromFd.fd());
      work.announceWhiteout(toFd.fd());
      left = work.newWhiteout();
      int flags = existsInUpper(to, new Stat()) ? Linux.RENAME_EXCHANGE : Linux.RENAME_NOREPLACE;
      sys.renameat2(workFd.fd(), left, toFd.fd(), to.name(), flags);
      keepRecord = true;
      LayerDir.rename(
          from.upper(), from.name(), to.upper(), to.name(), Linux.RENAME_EXCHANGE, moved, null);
      keepRecord = false;
    } finally {
      unpin(workFd);
      unpin(toFd);
      unpin(fromFd);
      discard(work, left);
      if (keepRecord) {
        work.renames().leave(record);
      } else {
        work.renames().end(record);
      }
    }
  }

  private static void unpin(@Nullable SharedFd fd) {
    if (fd != null) {
      fd.unpin();
    }
  }

  private @Nullable Name directoryLocked(Side from, Side to, DirNode dir) throws ErrnoException {
    LayerDir moved = dir.requireUpper();
    DirNode target = to.node() instanceof DirNode other ? other : null;
    SharedFd kept = target == null ? null : removal.hold(target);
    Name left = null;
    boolean renamed = false;
    try {
      keepContent(dir, from, to);
      if (target != null && target.upper() != null) {
        left = emptyOut(to);
      }
      boolean overWhiteout = target == null && whiteoutInUpper(to);
      if (overWhiteout) {
        LayerDir.rename(
            from.upper(), from.name(), to.upper(), to.name(), Linux.RENAME_EXCHANGE, moved, null);
        if (!from.below()) {
          removeWhiteout(from);
        }
      } else if (!from.below()) {
        LayerDir.rename(from.upper(), from.name(), to.upper(), to.name(), 0, moved, null);
      } else if (!leavingWhiteout(from, to, moved)) {
        exchangeDirectory(union.requireWritable(), from, to, moved);
      }
      renamed = true;
      if (target != null) {
        target.setRemoved(kept);
        kept = null;
        union.nodes().forgetAll(target);
        to.parent().addSubdirectories(-1);
      }
    } finally {
      if (kept != null) {
        kept.retire();
      }
      if (left != null && !renamed) {
        putBack(to, left);
      }
    }
    dir.moveTo(to.parent(), to.name());
    from.parent().addSubdirectories(-1);
    to.parent().addSubdirectories(1);
    union.cache().putAbsent(from.parent(), from.name());
    union.cache().put(to.parent(), to.name(), dir);
    return left;
  }

  /* What is below the new name must not show through, and what is below the old one must. */
  private void keepContent(DirNode dir, Side from, Side to) throws ErrnoException {
    LayerDir moved = dir.requireUpper();
    if (!dir.lowers().isEmpty()) {
      copyUp.markImpure(to.parent());
      redirects.keepLowers(dir, from.parent() == to.parent());
    } else if (to.below() || redirects.isRedirected(moved)) {
      setOpaque(from);
    }
  }

  /* By its name: "." takes the right to search the directory, which its owner need not have. */
  private void setOpaque(Side side) throws ErrnoException {
    SharedFd fd = side.upper().pin();
    try {
      union.marks().setOpaque(fd.fd(), side.name());
    } finally {
      fd.unpin();
    }
  }

  private boolean existsInUpper(Side side, Stat out) throws ErrnoException {
    int errno = side.upper().tryStat(side.name(), out);
    if (errno != 0 && errno != Errno.ENOENT) {
      throw ErrnoException.of(errno);
    }
    return errno == 0;
  }

  /* Anything else there is hidden from the union, or was put there behind it. */
  private boolean whiteoutInUpper(Side side) throws ErrnoException {
    Stat stat = new Stat();
    boolean exists = existsInUpper(side, stat);
    if (exists && !union.marks().whiteouts().isWhiteout(side.upper(), side.name(), stat)) {
      throw ErrnoException.of(Errno.EEXIST);
    }
    return exists;
  }

  /* No lower has the name, so that a whiteout that stays there hides nothing. */
  private void removeWhiteout(Side side) throws ErrnoException {
    SharedFd fd = side.upper().pin();
    try {
      int left = sys.tryUnlinkat(fd.fd(), side.name(), 0);
      if (left != 0) {
        log.warn("{}: its whiteout stays: {}", side.name(), Errno.message(left));
      }
    } finally {
      fd.unpin();
    }
  }

  /*
   * The directory that is renamed over shows nothing, but may hold whiteouts in the upper: an empty
   * opaque one takes its place first, as kernel overlayfs does (ovl_clear_empty).
   */
  private @Nullable Name emptyOut(Side to) throws ErrnoException {
    WorkDir work = union.requireWritable();
    SharedFd toFd = to.upper().pin();
    SharedFd workFd = null;
    try {
      if (listings.isPhysicallyEmpty(to.upper().child(to.name()))) {
        return null;
      }
      workFd = work.dir().pin();
      return emptyOut(work, workFd, toFd, to);
    } finally {
      unpin(workFd);
      toFd.unpin();
    }
  }

  private Name emptyOut(WorkDir work, SharedFd workFd, SharedFd toFd, Side to)
      throws ErrnoException {
    Name name = to.name();
    Name fresh = work.newName();
    boolean placed = false;
    try {
      Stat stat = new Stat();
      HostFile emptied = new HostFile(sys, toFd.fd(), name, union.owners());
      emptied.stat(stat);
      sys.mkdirat(workFd.fd(), fresh, 0700);
      if (!union.marks().whiteouts().standsBeside(name)) {
        union.marks().setOpaque(workFd.fd(), fresh);
      } else if (to.below()) {
        placeWhiteout(work, to); // the new directory must be empty for rename(2)
      }
      HostFile copy = new HostFile(sys, workFd.fd(), fresh, union.owners());
      CopiedOwners owners = new CopiedOwners(union.options().owners(), false);
      MetadataCopy.copy(emptied, stat, copy, owners);
      sys.renameat2(workFd.fd(), fresh, toFd.fd(), name, Linux.RENAME_EXCHANGE);
      placed = true;
      return fresh;
    } finally {
      if (!placed) {
        work.discard(fresh);
      }
    }
  }

  /* The directory that was emptied out is not replaced after all. */
  private void putBack(Side to, Name left) throws ErrnoException {
    WorkDir work = union.requireWritable();
    SharedFd toFd = to.upper().pin();
    SharedFd workFd = null;
    try {
      workFd = work.dir().pin();
      int errno = sys.tryRenameat2(workFd.fd(), left, toFd.fd(), to.name(), Linux.RENAME_EXCHANGE);
      if (errno != 0) {
        log.warn("{}: is another, empty directory: {}", to.name(), Errno.message(errno));
        union.cache().forget(to.parent(), to.name());
      }
    } finally {
      unpin(workFd);
      toFd.unpin();
    }
    work.discard(left);
  }

  private void exchangeLocked(Side from, Side to, Node node) throws ErrnoException {
    Node other = to.node();
    if (other == null) {
      throw ErrnoException.of(Errno.ENOENT);
    }
    checkTree(other, from.parent());
    LayerDir moved = null;
    LayerDir exchanged = null;
    if (node instanceof DirNode dir) {
      moved = dir.requireUpper();
      keepContent(dir, from, to);
    }
    if (other instanceof DirNode dir) {
      exchanged = dir.requireUpper();
      keepContent(dir, to, from);
    }
    markImpure(node, to.parent());
    markImpure(other, from.parent());
    LayerDir.rename(
        from.upper(), from.name(), to.upper(), to.name(), Linux.RENAME_EXCHANGE, moved, exchanged);
    place(node, from, to);
    place(other, to, from);
    int difference = (node.isDirectory() ? 1 : 0) - (other.isDirectory() ? 1 : 0);
    if (from.parent() != to.parent()) {
      to.parent().addSubdirectories(difference);
      from.parent().addSubdirectories(-difference);
    }
  }

  private void markImpure(Node node, DirNode parent) throws ErrnoException {
    if (node instanceof FileNode file && file.isForeign()) {
      copyUp.markImpure(parent);
    }
  }

  private void place(Node node, Side was, Side is) {
    if (node instanceof DirNode dir) {
      dir.moveTo(is.parent(), is.name());
    } else if (node instanceof FileNode file) {
      Link link = new Link(is.parent(), is.name(), true);
      file.update(now -> now.withoutLink(was.parent(), was.name()).withLink(link));
    }
    union.cache().put(is.parent(), is.name(), node);
  }
}
