package io.unionfs.transport.kernel;

import io.unionfs.core.Caller;
import io.unionfs.core.FileNode;
import io.unionfs.core.SetAttr;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Stat;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/*
 * With the write-back cache the kernel owns the modification time of a file. It sends a SETATTR when
 * that changes, before or after the WRITE of the data, and none if a file is written within the tick of
 * the clock in which it was made. The host would take the WRITE for a modification of its own time,
 * which shows as soon as the kernel forgets the file. That is so of writes past the cache (O_DIRECT) too, and of
 * fallocate(2) and copy_file_range(2), before which the kernel sets its time (file_modified).
 */
/** The modification times that the kernel knows, to be put back after writes of its cache. */
final class KeptTimes {
  private static final Caller SERVER = new Caller(0, 0, 0, 0);

  private record Time(long seconds, int nanos) {}

  private final UnionFileSystem fs;
  private final boolean active;
  private final ConcurrentMap<FileNode, Time> times = new ConcurrentHashMap<>();

  KeptTimes(UnionFileSystem fs, Negotiation agreed) {
    this.fs = fs;
    this.active = agreed.writeback();
  }

  /** Notes what is about to be set; before it is, so that a late write does not miss it. */
  void note(FileNode file, SetAttr change) {
    if (active && change.has(SetAttr.MTIME) && file.isRegular()) {
      times.put(file, new Time(change.mtime, change.mtimeNsec));
    }
  }

  /** Notes what the kernel is told of a new file, which its first write would ask for. */
  void made(FileNode file, Stat told) {
    if (active) {
      times.putIfAbsent(file, new Time(told.mtime, told.mtimeNsec));
    }
  }

  /** Whether the time that is to be set is known to be another one than that of the file. */
  boolean isNew(FileNode file, SetAttr change) {
    Time kept = times.get(file);
    return kept != null && !kept.equals(new Time(change.mtime, change.mtimeNsec));
  }

  /** To be called before data is written. */
  void beforeWrite(FileNode file) throws ErrnoException {
    if (active && !times.containsKey(file)) {
      Stat stat = new Stat();
      fs.getattr(file, stat);
      times.putIfAbsent(file, new Time(stat.mtime, stat.mtimeNsec));
    }
  }

  /**
   * To be called after data was written. Where the host lets nobody set a time any more (chattr +a
   * since it was opened), the one of the write stays: that was done, and must not be told as
   * failed.
   */
  void afterWrite(FileNode file) throws ErrnoException {
    if (!active) {
      return;
    }
    Time kept = times.get(file);
    while (kept != null) {
      SetAttr change = new SetAttr();
      change.valid = SetAttr.MTIME;
      change.mtime = kept.seconds();
      change.mtimeNsec = kept.nanos();
      change.afterWrite = true;
      try {
        fs.setattr(file, change, SERVER);
      } catch (ErrnoException e) {
        if (e.errno() != Errno.EPERM) {
          throw e;
        }
        drop(file);
        return;
      }
      Time now = times.get(file);
      if (kept.equals(now)) {
        return;
      }
      kept = now;
    }
  }

  /** To be called when the file was changed by other means, or is forgotten. */
  void drop(FileNode file) {
    if (active) {
      times.remove(file);
    }
  }

  /** The number of files whose time is kept. */
  int size() {
    return times.size();
  }
}
