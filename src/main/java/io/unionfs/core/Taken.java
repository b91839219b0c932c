package io.unionfs.core;

import io.unionfs.core.FileNode.Link;
import io.unionfs.layer.LayerDir;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.SharedFd;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * The kernel refers to every file that it remembers, and few of them are open: a descriptor for each might be
 * more than there may be. So until the kernel has been told to forget, what was taken away is still found
 * by its name in the tree that it went with, through directories that no path leads to. Then most of it is
 * referred to by nobody, and the rest gets descriptors.
 */
/** The nodes of what was taken out of the upper and is about to be removed. */
final class Taken {
  private static final Logger log = LoggerFactory.getLogger(Taken.class);
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

  /* The part of all descriptors that may be kept for what is in use. */
  private static final int SHARE = 4;

  private record TakenName(FileNode file, DirNode parent, Name name) {}

  private final UnionState union;
  private final NameLoss loss;
  private final Departures departures;
  private final long most;
  private final List<TakenName> names = new ArrayList<>();

  /* The files that they are of, and how many each has lost. */
  private final IdentityHashMap<FileNode, Integer> files = new IdentityHashMap<>();
  private final List<DirNode> directories = new ArrayList<>();

  Taken(UnionState union, NameLoss loss, Departures departures) {
    this.union = union;
    this.loss = loss;
    this.departures = departures;
    this.most = OwnProcess.getRlimit(Linux.RLIMIT_NOFILE)[0] / SHARE;
  }

  /** A directory that no path leads to, for files that went with a tree. */
  DirNode hidden(LayerDir dir, DirNode shownAs) {
    DirNode hidden = union.nodes().hidden(dir, shownAs);
    hidden.setRemoved(null);
    return hidden;
  }

  /** Notes that a file is now found by a name in a directory that no path leads to. */
  void file(FileNode file, DirNode from, Name name, DirNode to, Name newName) {
    if (file.placement().linkAt(from, name) != null) { // else it is known by other names alone
      Link link = new Link(to, newName, true);
      file.update(at -> at.withLink(link).withoutLink(from, name));
    }
    fileIn(to, file, newName);
  }

  /** Notes that a directory of the upper's alone went; its files keep their names in it. */
  void directory(DirNode dir) {
    dir.setRemoved(null);
    union.nodes().forgetAll(dir);
    directories.add(dir);
  }

  /** Notes that a file is found by its name in a directory that went, or that no path leads to. */
  void fileIn(DirNode dir, FileNode file, Name name) {
    names.add(new TakenName(file, dir, name));
    files.merge(file, 1, Integer::sum);
  }

  /** Gives descriptors to what is in use, so that it does without its names. */
  void settle(Outdated outdated) throws ErrnoException {
    departures.watch();
    try {
      awaitDepartures();
    } finally {
      departures.stop();
    }
    ErrnoException failure = null;
    for (TakenName each : names) {
      try {
        if (isOneNameLess(each, outdated)) {
          loss.lowerNames(each.file(), outdated);
        }
      } catch (ErrnoException e) {
        failure = failure == null ? e : failure;
      }
    }
    for (DirNode dir : directories) {
      SharedFd kept = loss.hold(dir);
      if (kept != null) {
        dir.setOrphan(kept);
        loss.dropUnwanted(dir);
      }
    }
    names.clear();
    files.clear();
    directories.clear();
    if (failure != null) {
      throw failure;
    }
  }

  private boolean isOneNameLess(TakenName each, Outdated outdated) throws ErrnoException {
    try (Locks.Locked locked = union.locks().write(each.parent())) {
      SharedFd kept = loss.hold(each.file(), each.parent(), each.name());
      int number = files.getOrDefault(each.file(), 0);
      return loss.oneName(each.file(), each.parent(), each.name(), number, kept, outdated);
    }
  }

  private void awaitDepartures() {
    long end = System.nanoTime() + PATIENCE_NANOS;
    for (long more = referenced() - most; more > 0; more = referenced() - most) {
      if (!departures.await((int) more, end - System.nanoTime())) {
        log.warn("{} files that are thrown away are in use", more + most);
        return;
      }
    }
  }

  private long referenced() {
    long number = 0;
    for (FileNode file : files.keySet()) {
      number += file.isReferenced() ? 1 : 0;
    }
    for (DirNode dir : directories) {
      number += dir.isReferenced() ? 1 : 0;
    }
    return number;
  }
}
