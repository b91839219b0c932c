package io.unionfs.core;

import io.unionfs.core.Identities.HostInode;
import io.unionfs.layer.InSpiteOfMode;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.stack.LowerIndex;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/*
 * Once a tree is taken out of the upper, each node that it has something of must be told: one that is not
 * would act on what comes to the same place later. So all that may fail is asked before.
 */
/**
 * A directory of the upper with all that is below, read before it goes; for a time in which nothing
 * is changed.
 *
 * @param directories the directory itself, and each one before those in it
 */
record LeavingTree(List<Directory> directories) {
  /**
   * What is to lose its upper directory.
   *
   * @param stays whether the lowers have it too
   */
  record Directory(DirNode dir, boolean stays, List<Entry> entries) {}

  /**
   * An entry of an upper directory.
   *
   * @param shown the name that it decides on, null for none
   * @param same whether that leads to the same node afterwards
   * @param file the inode of what is no directory, else null
   */
  record Entry(Name name, @Nullable Name shown, boolean same, @Nullable HostInode file) {}

  private record Found(DirNode dir, boolean stays) {}

  /** Reads the tree of a directory, given whether the lowers have that too. */
  static LeavingTree read(UnionState union, Lookup lookup, DirNode top, boolean stays)
      throws ErrnoException {
    List<Directory> directories = new ArrayList<>();
    Deque<Found> open = new ArrayDeque<>();
    open.push(new Found(top, stays));
    while (!open.isEmpty()) {
      Found at = open.pop();
      LayerDir upper = at.dir().upper();
      List<Entry> entries = new ArrayList<>();
      if (upper != null) {
        for (Name name : upper.names()) {
          entries.add(entry(union, lookup, at, upper, name, open));
        }
      }
      directories.add(new Directory(at.dir(), at.stays(), entries));
    }
    return new LeavingTree(directories);
  }

  DirNode top() {
    return directories.get(0).dir();
  }

  boolean topStays() {
    return directories.get(0).stays();
  }

  /** The name that an entry of the upper decides on, null for none. */
  static @Nullable Name shownBy(Marks marks, Name name) {
    return marks.whiteouts().isReserved(name) ? marks.whiteouts().hiddenBy(name) : name;
  }

  private static Entry entry(
      UnionState union, Lookup lookup, Found at, LayerDir upper, Name name, Deque<Found> open)
      throws ErrnoException {
    Name shown = shownBy(union.marks(), name);
    if (union.marks().whiteouts().isReserved(name)) {
      return new Entry(name, shown, false, null);
    }
    Stat stat = new Stat();
    int errno = InSpiteOfMode.runIn(upper, () -> upper.tryStat(name, stat));
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
    if (!stat.isDirectory()) {
      return new Entry(name, shown, false, union.identities().host(stat.dev, stat.ino));
    }
    DirNode dir = at.dir();
    if (!(find(union, lookup, dir, upper, name) instanceof DirNode child)) {
      return new Entry(name, shown, false, null);
    }
    boolean stays = at.stays() && lookup.isBelow(dir, name, child);
    open.push(new Found(child, stays));
    return new Entry(name, shown, stays, null);
  }

  private static @Nullable Node find(
      UnionState union, Lookup lookup, DirNode dir, LayerDir upper, Name name)
      throws ErrnoException {
    LowerIndex index = lookup.index(dir);
    union.locks().lockRead(dir);
    try {
      return InSpiteOfMode.runIn(
              upper, () -> Optional.ofNullable(lookup.findLocked(dir, name, index)))
          .orElse(null);
    } finally {
      union.locks().unlockRead(dir);
    }
  }
}
