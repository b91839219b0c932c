package io.unionfs.core;

import io.unionfs.layer.InSpiteOfMode;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.TreeRemoval;
import io.unionfs.stack.DiscardSteps;
import io.unionfs.stack.DiscardSteps.Entry;
import io.unionfs.stack.LowerIndex;
import io.unionfs.sys.Dirents;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/*
 * What goes is taken out of the upper by one rename(2) into the work directory, so that the union shows it
 * as a whole or not at all wherever a crash comes. The LayerDir moves along: whatever looks at nodes
 * below in this moment still finds them, as they were. Then the nodes are told, directory by directory
 * from the top: a directory that the lowers have too stays the node that it is - programs may have it as
 * their working directory - and is its lowers' alone; any other is removed; a file loses the name as by
 * unlink(2), and what the lowers have under it is a file of its own. The tree is removed at the end, when
 * nobody finds the way to it any more.
 *
 * Changes are held back meanwhile, so that no operation loses a directory that it has copied up, or makes
 * something in a tree that is taken away. Who only looks goes on.
 */
/** The discarding of changes of the upper, once; for one thread. */
public final class Discarding {
  private final UnionState union;
  private final Sys sys;
  private final Lookup lookup;
  private final NameLoss loss;
  private final Outdated outdated = new Outdated();
  private final Taken taken;
  private final List<Name> trees = new ArrayList<>();
  private @Nullable ErrnoException failure;

  Discarding(UnionState union, Lookup lookup, NameLoss loss, Taken taken) {
    this.taken = taken;
    this.union = union;
    this.sys = union.sys();
    this.lookup = lookup;
    this.loss = loss;
  }

  /** What changed so far. */
  public Outdated outdated() {
    return outdated;
  }

  /**
   * Takes changes out of the upper, with all changes held back ({@link
   * UnionFileSystem#tryHoldChanges}) since before the steps were made up. What of them is done when
   * this throws is {@link #outdated} all the same.
   *
   * @throws ErrnoException {@code EROFS} on a read-only union, with nothing changed
   */
  public void run(DiscardSteps steps) throws ErrnoException {
    WorkDir work = union.requireWritable();
    for (Map.Entry<Name, DiscardSteps.Links> each : steps.shownAgain().entrySet()) {
      addLinks(work, each.getKey(), each.getValue());
    }
    for (Name copy : steps.copies()) {
      dropCopy(work, copy);
    }
    for (Entry entry : steps.entries()) {
      DirNode parent = directory(entry.directory());
      if (entry.mark()) {
        removeMark(parent, entry.name());
      } else {
        take(work, parent, entry.name());
      }
    }
    for (Name copy : steps.index()) {
      dropCopy(work, copy);
    }
    ErrnoException first = failure;
    if (first != null) {
      throw first;
    }
  }

  /**
   * Removes what was taken out of the upper, when those who remember it were told: what they still
   * refer to stays usable. Changes need not be held back for it.
   */
  public void sweep() throws ErrnoException {
    WorkDir work = union.work();
    try {
      taken.settle(outdated);
    } finally {
      if (work != null) {
        trees.forEach(work::discard);
      }
      trees.clear();
    }
  }

  private DirNode directory(List<Name> path) throws ErrnoException {
    DirNode dir = union.root();
    for (Name name : path) {
      Node next = lookup.find(dir, name);
      if (next == null) {
        throw ErrnoException.of(Errno.ENOENT);
      }
      if (!(next instanceof DirNode below)) {
        throw ErrnoException.of(Errno.ENOTDIR);
      }
      dir = below;
    }
    return dir;
  }

  private static LayerDir requireIndex(WorkDir work) throws ErrnoException {
    LayerDir index = work.index();
    if (index == null) {
      throw ErrnoException.of(Errno.ESTALE);
    }
    return index;
  }

  /* Before the names show again: too high a count does no harm. */
  private void addLinks(WorkDir work, Name name, DiscardSteps.Links links) throws ErrnoException {
    LayerDir index = requireIndex(work);
    Stat stat = new Stat();
    SharedFd fd = index.pin();
    try {
      sys.statx(fd.fd(), name, stat);
      Integer known = union.marks().nlinkDifference(fd.fd(), name, stat.nlink, links.lower());
      if (known == null) {
        return;
      }
      int difference = known + links.more();
      union.marks().setNlinkDifference(fd.fd(), name, difference);
      if (liveNode(stat) instanceof FileNode file) {
        file.setNlinkDifference(difference);
        outdated.file(file);
      }
    } finally {
      fd.unpin();
    }
  }

  /* Names that only the lowers have lead to their file from here on. */
  private void dropCopy(WorkDir work, Name name) throws ErrnoException {
    LayerDir index = requireIndex(work);
    Stat stat = new Stat();
    int errno = index.tryStat(name, stat);
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
    FileNode file = liveNode(stat) instanceof FileNode live ? live : null;
    if (file != null) {
      loss.keepUsable(file, index, name);
    }
    TreeRemoval.remove(index, name);
    if (file != null) {
      loss.allNames(file, outdated);
    }
  }

  private @Nullable Node liveNode(Stat stat) {
    return union.nodes().find(union.identities().host(stat.dev, stat.ino));
  }

  /* The name that an entry of the upper decides on, null for none. */
  private @Nullable Name shownBy(Name name) {
    return union.marks().whiteouts().isReserved(name)
        ? union.marks().whiteouts().hiddenBy(name)
        : name;
  }

  private void removeMark(DirNode parent, Name name) throws ErrnoException {
    try (Locks.Locked locked = union.locks().write(parent)) {
      LayerDir upper = parent.requireUpper();
      InSpiteOfMode.runIn(
          upper,
          () -> {
            SharedFd fd = upper.pin();
            try {
              sys.unlinkat(fd.fd(), name, 0);
            } finally {
              fd.unpin();
            }
            return name;
          });
      changed(parent, shownBy(name));
    }
  }

  private void changed(DirNode parent, @Nullable Name name) {
    if (name != null) {
      union.cache().forget(parent, name);
      outdated.name(parent, name);
    }
    parent.setSubdirectories(DirNode.UNKNOWN);
    outdated.directory(parent);
  }

  private void take(WorkDir work, DirNode parent, Name name) throws ErrnoException {
    LowerIndex index = lookup.index(parent);
    DirNode top = null;
    boolean stays = false;
    try (Locks.Locked locked = union.locks().write(parent)) {
      Node node = lookup.findLocked(parent, name, index);
      if (node instanceof DirNode dir) {
        top = dir;
        stays = lookup.isBelow(parent, name, dir);
        moveToWork(work, parent, name, dir.upper());
      } else {
        takeFile(work, parent, name, node instanceof FileNode file ? file : null);
      }
      union.cache().forget(parent, name);
      parent.setSubdirectories(DirNode.UNKNOWN);
      outdated.directory(parent);
      if (!stays) {
        outdated.name(parent, name);
      }
    }
    if (top != null) {
      leaveUpper(top, stays);
    }
  }

  private void takeFile(WorkDir work, DirNode parent, Name name, @Nullable FileNode file)
      throws ErrnoException {
    Stat stat = new Stat();
    int errno = parent.requireUpper().tryStat(name, stat);
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
    Name temporary = moveToWork(work, parent, name, null);
    if (file != null) {
      DirNode to = taken.hidden(work.dir(), parent);
      taken.file(file, parent, name, to, temporary, stat.nlink);
    }
  }

  /* A directory that moves must be writable by its owner, and this one has no use for its mode. */
  private Name moveToWork(WorkDir work, DirNode parent, Name name, @Nullable LayerDir moved)
      throws ErrnoException {
    LayerDir upper = parent.requireUpper();
    Name temporary = work.newName();
    InSpiteOfMode.runIn(
        upper,
        () -> {
          try {
            move(upper, name, work.dir(), temporary, moved);
          } catch (ErrnoException e) {
            if (e.errno() != Errno.EACCES) {
              throw e;
            }
            SharedFd fd = upper.pin();
            try {
              InSpiteOfMode.widen(sys, fd.fd(), name);
            } finally {
              fd.unpin();
            }
            move(upper, name, work.dir(), temporary, moved);
          }
          return name;
        });
    trees.add(temporary);
    return temporary;
  }

  private static void move(
      LayerDir from, Name name, LayerDir to, Name temporary, @Nullable LayerDir moved)
      throws ErrnoException {
    LayerDir.rename(from, name, to, temporary, Linux.RENAME_NOREPLACE, moved, null);
  }

  /**
   * A directory that lost its upper one.
   *
   * @param stays whether the lowers have it too
   */
  private record Left(DirNode dir, boolean stays) {}

  /* The tree is taken: what cannot be done for one of its entries does not keep the others from it. */
  private void leaveUpper(DirNode top, boolean stays) {
    Deque<Left> open = new ArrayDeque<>();
    open.push(new Left(top, stays));
    while (!open.isEmpty()) {
      Left left = open.pop();
      DirNode dir = left.dir();
      try (Locks.Locked locked = union.locks().write(dir)) {
        LayerDir upper = dir.upper();
        if (upper != null) {
          leaveEntries(left, upper, open);
        }
        if (left.stays()) {
          dir.dropUpper();
        } else {
          taken.directory(dir);
        }
        outdated.directory(dir);
      }
    }
  }

  private void leaveEntries(Left left, LayerDir upper, Deque<Left> open) {
    DirNode dir = left.dir();
    DirNode hidden = left.stays() ? taken.hidden(upper, dir) : dir;
    List<Name> names = new ArrayList<>();
    try (Fd fd = new Fd(sys, upper.openSelf());
        Dirents entries = Dirents.open(sys, fd.raw())) {
      while (entries.next()) {
        if (!entries.isDotOrDotDot()) {
          names.add(entries.name());
        }
      }
    } catch (ErrnoException e) {
      failed(e);
    }
    for (Name name : names) {
      boolean same = false;
      try {
        same = leaveEntry(left, hidden, upper, name, open);
      } catch (ErrnoException e) {
        failed(e);
      }
      Name shown = shownBy(name);
      if (shown == null) {
        continue;
      }
      union.cache().forget(dir, shown);
      if (!same) {
        outdated.name(dir, shown); // in a removed directory too: somebody may be in it
      }
    }
  }

  /* Whether the name leads to the same node afterwards. */
  private boolean leaveEntry(Left left, DirNode hidden, LayerDir upper, Name name, Deque<Left> open)
      throws ErrnoException {
    DirNode dir = left.dir();
    if (union.marks().whiteouts().isReserved(name)) {
      return false;
    }
    Stat stat = new Stat();
    int errno = InSpiteOfMode.runIn(upper, () -> upper.tryStat(name, stat));
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
    if (!stat.isDirectory()) {
      if (liveNode(stat) instanceof FileNode file) {
        if (hidden == dir) {
          taken.fileIn(dir, file, name, stat.nlink);
        } else {
          taken.file(file, dir, name, hidden, name, stat.nlink);
        }
      }
      return false;
    }
    LowerIndex index = lookup.index(dir);
    Optional<Node> node =
        InSpiteOfMode.runIn(upper, () -> Optional.ofNullable(lookup.findLocked(dir, name, index)));
    if (!(node.orElse(null) instanceof DirNode child)) {
      return false;
    }
    boolean stays = left.stays() && lookup.isBelow(dir, name, child);
    open.push(new Left(child, stays));
    return stays;
  }

  private void failed(ErrnoException e) {
    if (failure == null) {
      failure = e;
    }
  }
}
