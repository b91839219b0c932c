package io.unionfs.core;

import io.unionfs.core.FileNode.Link;
import io.unionfs.core.Identities.HostInode;
import io.unionfs.layer.InSpiteOfMode;
import io.unionfs.layer.LayerDir;
import io.unionfs.stack.DiscardSteps;
import io.unionfs.stack.DiscardSteps.Entry;
import io.unionfs.stack.LowerIndex;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
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
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
  private static final Logger log = LoggerFactory.getLogger(Discarding.class);

  /* Who looks waits for so many renames. */
  private static final int COPIES_AT_ONCE = 256;

  private final UnionState union;
  private final Sys sys;
  private final Lookup lookup;
  private final NameLoss loss;
  private final Outdated outdated = new Outdated();
  private final Taken taken;
  private final List<Name> trees = new ArrayList<>();
  private @Nullable ErrnoException failure;
  private long patienceNanos;
  private boolean begun;

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

  /** Whether {@link #run} may have changed something. */
  public boolean begun() {
    return begun;
  }

  /**
   * Takes changes out of the upper, with all changes held back ({@link
   * UnionFileSystem#tryHoldChanges}) since before the steps were made up. What of them is done when
   * this throws is {@link #outdated} all the same.
   *
   * @param millis the longest to wait for whoever looks into a directory, perhaps one of a lower
   *     that does not answer
   * @throws ErrnoException {@code EROFS} on a read-only union, with nothing changed; {@code EBUSY}
   *     if somebody looks into a directory all the time
   */
  public void run(DiscardSteps steps, int millis) throws ErrnoException {
    WorkDir work = union.requireWritable();
    patienceNanos = TimeUnit.MILLISECONDS.toNanos(millis);
    union.nodes().discarding();
    if (!union.locks().awaitReaders(patienceNanos)) {
      throw ErrnoException.of(Errno.EBUSY);
    }
    takeCopies(work, steps.copies());
    for (Entry entry : steps.entries()) {
      takeCounted(work, entry);
    }
    takeCopies(work, steps.index());
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

  /*
   * Before the names show again: too high a count does no harm. If they do not, the next attempt counts
   * them once more.
   */
  private void takeCounted(WorkDir work, Entry entry) throws ErrnoException {
    DirNode parent = directory(entry.directory());
    begun = true;
    Deque<Map.Entry<Name, DiscardSteps.Links>> raised = new ArrayDeque<>();
    boolean done = false;
    try {
      for (Map.Entry<Name, DiscardSteps.Links> each : entry.shownAgain().entrySet()) {
        addLinks(work, each.getKey(), each.getValue().more(), each.getValue().lower());
        raised.push(each);
      }
      if (entry.mark()) {
        removeMark(parent, entry.name());
      } else {
        take(work, parent, entry.name());
      }
      done = true;
    } finally {
      if (!done && stays(parent, entry.name())) {
        raised.forEach(each -> takeLinksBack(work, each.getKey(), each.getValue()));
      }
    }
  }

  private static boolean stays(DirNode parent, Name name) {
    LayerDir upper = parent.upper();
    try {
      return upper != null && upper.tryStat(name, new Stat()) == 0;
    } catch (ErrnoException e) {
      log.warn("{}: may count too many names: {}", name, e.getMessage());
      return false;
    }
  }

  private void takeLinksBack(WorkDir work, Name name, DiscardSteps.Links links) {
    try {
      addLinks(work, name, -links.more(), links.lower());
    } catch (ErrnoException e) {
      log.warn("{}: counts {} names too many: {}", name, links.more(), e.getMessage());
    }
  }

  private void addLinks(WorkDir work, Name name, int more, int lowerLinks) throws ErrnoException {
    LayerDir index = requireIndex(work);
    Stat stat = new Stat();
    SharedFd fd = index.pin();
    try {
      sys.statx(fd.fd(), name, stat);
      Integer known = union.marks().nlinkDifference(fd.fd(), name, stat.nlink, lowerLinks);
      if (known == null) {
        return;
      }
      int difference = known + more;
      union.marks().setNlinkDifference(fd.fd(), name, difference);
      FileNode file = liveFile(union.identities().host(stat.dev, stat.ino));
      if (file != null) {
        file.setNlinkDifference(difference);
        outdated.file(file);
      }
    } finally {
      fd.unpin();
    }
  }

  private static Locks.Locked requireLocks(Locks.@Nullable Locked locked) throws ErrnoException {
    if (locked == null) {
      throw ErrnoException.of(Errno.EBUSY);
    }
    return locked;
  }

  /* A copy that went from the index. */
  private record MovedCopy(HostInode host, DirNode to, Name name) {}

  /*
   * Names that only the lowers have lead to their file from here on. Nobody looks into a directory
   * meanwhile: who has found the entry makes a node that knows it.
   */
  private void takeCopies(WorkDir work, List<Name> names) throws ErrnoException {
    for (int from = 0; from < names.size(); from += COPIES_AT_ONCE) {
      int to = Math.min(names.size(), from + COPIES_AT_ONCE);
      try (Locks.Locked all = requireLocks(union.locks().tryWriteAll(patienceNanos))) {
        for (Name name : names.subList(from, to)) {
          leaveIndex(takeCopy(work, name));
        }
      }
    }
  }

  private MovedCopy takeCopy(WorkDir work, Name name) throws ErrnoException {
    LayerDir index = requireIndex(work);
    Stat stat = new Stat();
    int errno = index.tryStat(name, stat);
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
    MovedCopy copy =
        new MovedCopy(
            union.identities().host(stat.dev, stat.ino),
            taken.hidden(work.dir(), union.root()),
            work.newName());
    FileNode file = liveFile(copy.host());
    boolean done = false;
    try {
      if (file != null) {
        placeInWork(file, copy);
      }
      begun = true;
      moveToWork(work, index, name, copy.name(), null);
      done = true;
    } finally {
      if (!done && file != null) {
        file.update(at -> at.withoutLink(copy.to(), copy.name()).withIndex(name));
      }
    }
    return copy;
  }

  private static void placeInWork(FileNode file, MovedCopy copy) {
    Link link = new Link(copy.to(), copy.name(), true);
    file.update(at -> at.withLink(link).withIndex(null));
  }

  private void leaveIndex(MovedCopy copy) {
    FileNode file = liveFile(copy.host());
    if (file != null) {
      placeInWork(file, copy); // a node that was made in the meantime
      taken.fileIn(copy.to(), file, copy.name());
      loss.lowerNames(file, copy.host(), outdated);
    }
  }

  private @Nullable FileNode liveFile(HostInode host) {
    return union.nodes().find(host) instanceof FileNode file ? file : null;
  }

  private void removeMark(DirNode parent, Name name) throws ErrnoException {
    try (Locks.Locked locked = locked(List.of(parent))) {
      LayerDir upper = parent.requireUpper();
      Name hidden = LeavingTree.shownBy(union.marks(), name);
      InSpiteOfMode.runIn(
          upper,
          () -> {
            SharedFd fd = upper.pin();
            try {
              if (hidden != null && !hidden.equals(name)) {
                keepOpaque(fd, upper, hidden);
              }
              sys.unlinkat(fd.fd(), name, 0);
            } finally {
              fd.unpin();
            }
            return name;
          });
      changed(parent, hidden);
    }
  }

  /* A directory beside the mark is not to be merged with the lowers' before it goes itself. */
  private void keepOpaque(SharedFd parentFd, LayerDir parent, Name name) throws ErrnoException {
    Stat stat = new Stat();
    int errno = parent.tryStat(name, stat);
    if (errno != 0 && errno != Errno.ENOENT) {
      throw ErrnoException.of(errno);
    }
    if (errno == 0 && stat.isDirectory()) {
      InSpiteOfMode.run(
          sys,
          parentFd.fd(),
          name,
          () -> {
            union.marks().setOpaque(parentFd.fd(), name);
            return name;
          });
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
    Node found = lookup.find(parent, name);
    LeavingTree tree =
        found instanceof DirNode dir
            ? LeavingTree.read(union, lookup, dir, lookup.isBelow(parent, name, dir))
            : null;
    LowerIndex index = lookup.index(parent);
    List<DirNode> told = new ArrayList<>(List.of(parent));
    if (tree != null) {
      tree.directories().forEach(each -> told.add(each.dir()));
    }
    try (Locks.Locked locked = locked(told)) {
      Node node = lookup.findLocked(parent, name, index);
      if (tree != null) {
        if (node != found) {
          throw ErrnoException.of(Errno.ESTALE); // a layer was changed behind the mount
        }
        moveToWork(work, parent.requireUpper(), name, work.newName(), tree.top().upper());
      } else {
        takeFile(work, parent, name, node instanceof FileNode file ? file : null);
      }
      union.cache().forget(parent, name);
      parent.setSubdirectories(DirNode.UNKNOWN);
      outdated.directory(parent);
      if (tree == null || !tree.topStays()) {
        outdated.name(parent, name);
      }
      if (tree != null) {
        tree.directories().forEach(this::leaveUpper);
      }
    }
  }

  private Locks.Locked locked(List<DirNode> dirs) throws ErrnoException {
    return requireLocks(union.locks().tryWrite(dirs, patienceNanos));
  }

  private void takeFile(WorkDir work, DirNode parent, Name name, @Nullable FileNode file)
      throws ErrnoException {
    Name temporary = work.newName();
    moveToWork(work, parent.requireUpper(), name, temporary, null);
    if (file != null) {
      taken.file(file, parent, name, taken.hidden(work.dir(), parent), temporary);
    }
  }

  /* What was moved has to be told, even where a mode that was in the way is not put back. */
  private void moveToWork(
      WorkDir work, LayerDir from, Name name, Name temporary, @Nullable LayerDir moved)
      throws ErrnoException {
    int before = trees.size();
    try {
      InSpiteOfMode.runIn(
          from,
          () -> {
            moveWritable(work, from, name, temporary, moved);
            trees.add(temporary);
            return name;
          });
    } catch (ErrnoException e) {
      if (trees.size() == before) {
        throw e;
      }
      failure = failure == null ? e : failure;
    }
  }

  private void moveWritable(
      WorkDir work, LayerDir from, Name name, Name temporary, @Nullable LayerDir moved)
      throws ErrnoException {
    SharedFd fd = from.pin();
    try {
      InSpiteOfMode.moving(
          sys, fd.fd(), name, () -> move(from, name, work.dir(), temporary, moved));
    } finally {
      fd.unpin();
    }
  }

  private static void move(
      LayerDir from, Name name, LayerDir to, Name temporary, @Nullable LayerDir moved)
      throws ErrnoException {
    LayerDir.rename(from, name, to, temporary, Linux.RENAME_NOREPLACE, moved, null);
  }

  /* The tree is taken, and all that could fail was asked before; it is locked. */
  private void leaveUpper(LeavingTree.Directory left) {
    DirNode dir = left.dir();
    LayerDir upper = dir.upper();
    if (upper != null) {
      leaveEntries(left, left.stays() ? taken.hidden(upper, dir) : dir);
    }
    if (left.stays()) {
      dir.dropUpper();
    } else {
      taken.directory(dir);
    }
    outdated.directory(dir);
  }

  private void leaveEntries(LeavingTree.Directory left, DirNode hidden) {
    DirNode dir = left.dir();
    for (LeavingTree.Entry entry : left.entries()) {
      HostInode host = entry.file();
      FileNode file = host == null ? null : liveFile(host);
      if (file != null && hidden == dir) {
        taken.fileIn(dir, file, entry.name());
      } else if (file != null) {
        taken.file(file, dir, entry.name(), hidden, entry.name());
      }
      Name shown = entry.shown();
      if (shown != null) {
        union.cache().forget(dir, shown);
        if (!entry.same()) {
          outdated.name(dir, shown); // in a removed directory too: somebody may be in it
        }
      }
    }
  }
}
