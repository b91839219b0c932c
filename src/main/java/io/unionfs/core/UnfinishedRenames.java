package io.unionfs.core;

import io.unionfs.layer.LayerDir;
import io.unionfs.layer.TreeRemoval;
import io.unionfs.sys.Dirents;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Where a whiteout cannot be left by the rename itself, a rename takes two steps, with a state in
 * between that is neither old nor new: a file has both names, or the directory that was replaced is
 * gone. A record in WORK/work/incompat is written before the first step and removed after the last, so
 * kernel overlayfs refuses these layers after a crash in between, and the next mount takes the step
 * that is missing. What the record names is looked at first: it may not have begun, or be done.
 *
 * A record is "FROM NUL TO NUL", paths from the root of the upper. They stay true because such a rename
 * holds the rename lock, and so no directory above can move.
 */
/** The renames that a crash may leave half done, and their completion. */
final class UnfinishedRenames {
  private static final Logger log = LoggerFactory.getLogger(UnfinishedRenames.class);
  private static final Name PREFIX = Name.of("rename");
  private static final int PART_BYTES = 8_192;

  private final Sys sys;
  private final WorkDir work;
  private final LayerDir records;

  /* Set by a rename whose last step failed. */
  private volatile boolean left;

  /**
   * @param records the directory {@code incompat} of the work directory, which need not exist
   */
  UnfinishedRenames(WorkDir work, LayerDir records) {
    this.sys = records.sys();
    this.work = work;
    this.records = records;
  }

  static boolean isRecord(Name mark) {
    return mark.startsWith(PREFIX);
  }

  /** A path in the upper. */
  private record Entry(LayerDir parent, Name name) {}

  private record Paths(byte[] from, byte[] to) {
    static @Nullable Paths parse(byte[] text) {
      int first = indexOfNul(text, 0);
      int second = first < 0 ? -1 : indexOfNul(text, first + 1);
      if (second != text.length - 1 || first <= 0 || second == first + 1) {
        return null;
      }
      return new Paths(
          Arrays.copyOfRange(text, 0, first), Arrays.copyOfRange(text, first + 1, second));
    }

    private static int indexOfNul(byte[] text, int start) {
      for (int i = start; i < text.length; i++) {
        if (text[i] == 0) {
          return i;
        }
      }
      return -1;
    }

    @Override
    public String toString() {
      return new String(from, StandardCharsets.UTF_8)
          + " to "
          + new String(to, StandardCharsets.UTF_8);
    }
  }

  // ---- writing

  /**
   * Notes a rename that is about to begin. The rename lock is held until {@link #end}.
   *
   * @param durable whether the record must reach the disk before the rename does
   * @return the record
   */
  Name begin(DirNode fromDir, Name from, DirNode toDir, Name to, boolean durable)
      throws ErrnoException {
    SharedFd workFd = work.dir().pin();
    try {
      sys.mkdirat(workFd.fd(), records.name(), 0700);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EEXIST) {
        throw e;
      }
    } finally {
      workFd.unpin();
    }
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    write(text, fromDir, from);
    write(text, toDir, to);
    Name record = PREFIX.concat(work.newName());
    SharedFd fd = records.pin();
    try {
      int flags = Linux.O_CREAT | Linux.O_EXCL | Linux.O_WRONLY;
      try (Fd file = new Fd(sys, sys.openat(fd.fd(), record, flags, 0600))) {
        sys.write(file.raw(), text.toByteArray());
        if (durable) {
          sys.fsync(file.raw());
        }
      }
    } finally {
      fd.unpin();
    }
    return record;
  }

  private static void write(ByteArrayOutputStream text, DirNode dir, Name name) {
    Deque<Name> names = new ArrayDeque<>();
    names.push(name);
    for (DirNode at = dir; !at.isRoot(); at = at.parent()) {
      names.push(at.name());
    }
    String separator = "";
    for (Name each : names) {
      text.writeBytes(separator.getBytes(StandardCharsets.US_ASCII));
      text.writeBytes(each.bytes());
      separator = "/";
    }
    text.write(0);
  }

  /** Leaves the record of a rename that failed half way to the next mount. */
  void leave(Name record) {
    left = true;
    log.warn("{}: a rename failed half way; the next mount completes it ({})", work, record);
  }

  /** Whether a record is left to the next mount. */
  boolean hasLeft() {
    return left;
  }

  /** Removes the record of a rename that is done, or undone. */
  void end(Name record) throws ErrnoException {
    SharedFd fd = records.pin();
    try {
      sys.unlinkat(fd.fd(), record, 0);
    } finally {
      fd.unpin();
    }
  }

  // ---- reading

  /** Completes what a crash left, and removes the records with their directory. */
  void finish(LayerDir upper) throws ErrnoException {
    for (Name record : list()) {
      byte[] text = read(record);
      Paths paths = Paths.parse(text);
      if (paths != null) {
        finish(upper, paths);
      } // else the crash came before it was written whole, and so before the rename
      end(record);
    }
    TreeRemoval.remove(work.dir(), records.name());
    records.forget();
  }

  private List<Name> list() throws ErrnoException {
    List<Name> found = new ArrayList<>();
    Stat stat = new Stat();
    int errno = work.dir().tryStat(records.name(), stat);
    if (errno == Errno.ENOENT || (errno == 0 && !stat.isDirectory())) {
      return found;
    }
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
    try (Fd listing = new Fd(sys, records.openSelf());
        Dirents entries = Dirents.open(sys, listing.raw())) {
      while (entries.next()) {
        if (isRecord(entries.name())) {
          found.add(entries.name());
        }
      }
    }
    return found;
  }

  private byte[] read(Name record) throws ErrnoException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    byte[] part = new byte[PART_BYTES];
    try (Fd file = new Fd(sys, records.openForRead(record, 0))) {
      int read;
      while ((read = sys.preadArray(file.raw(), part, 0, part.length, text.size())) > 0) {
        text.write(part, 0, read);
      }
    }
    return text.toByteArray();
  }

  private void finish(LayerDir upper, Paths paths) throws ErrnoException {
    Entry from = entry(upper, paths.from());
    Entry to = entry(upper, paths.to());
    Stat fromStat = new Stat();
    Stat toStat = new Stat();
    if (from == null || to == null || !exists(from, fromStat) || !exists(to, toStat)) {
      return;
    }
    if (fromStat.isDirectory()) {
      if (work.marks().whiteouts().isWhiteout(to.parent(), to.name(), toStat)) {
        LayerDir moved = from.parent().child(from.name());
        LayerDir.rename(
            from.parent(), from.name(), to.parent(), to.name(), Linux.RENAME_EXCHANGE, moved, null);
        log.info("{}: the rename of directory {} is completed", upper, paths);
      }
    } else if (fromStat.ino == toStat.ino && fromStat.dev == toStat.dev) {
      SharedFd fd = from.parent().pin();
      try {
        work.replaceByWhiteout(fd.fd(), from.name());
      } finally {
        fd.unpin();
      }
      log.info("{}: the rename of {} is completed", upper, paths);
    }
  }

  private static boolean exists(Entry entry, Stat stat) throws ErrnoException {
    int errno;
    try {
      errno = entry.parent().tryStat(entry.name(), stat);
    } catch (ErrnoException e) {
      errno = e.errno();
    }
    if (errno != 0 && errno != Errno.ENOENT && errno != Errno.ESTALE) {
      throw ErrnoException.of(errno);
    }
    return errno == 0;
  }

  private static @Nullable Entry entry(LayerDir upper, byte[] path) {
    LayerDir dir = upper;
    int start = 0;
    for (int end = 0; end <= path.length; end++) {
      if (end < path.length && path[end] != '/') {
        continue;
      }
      Name name = Name.of(path, start, end - start);
      if (name.length() == 0 || name.equals(Name.DOT) || name.equals(Name.DOTDOT)) {
        return null;
      }
      if (end == path.length) {
        return new Entry(dir, name);
      }
      dir = dir.child(name);
      start = end + 1;
    }
    return null;
  }
}
