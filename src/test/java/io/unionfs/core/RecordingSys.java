package io.unionfs.core;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** System calls that remember in which order data was written, synced and named. */
final class RecordingSys extends Sys {
  /** How a host copies data. */
  enum Host {
    REFLINKS,
    COPIES,
    NEITHER
  }

  private final Host host;
  private final List<String> events = new ArrayList<>();
  private final Set<Long> unsynced = new HashSet<>();

  RecordingSys(Host host) {
    this.host = host;
  }

  /** What happened since the last call. */
  List<String> takeEvents() {
    List<String> taken = List.copyOf(events);
    events.clear();
    return taken;
  }

  private static long ino(int fd) throws ErrnoException {
    Stat stat = new Stat();
    Sys.linux().fstatx(fd, stat);
    return stat.ino;
  }

  private void wrote(int fd) throws ErrnoException {
    unsynced.add(ino(fd));
    events.add("write");
  }

  private void synced(int fd, String call) throws ErrnoException {
    unsynced.remove(ino(fd));
    events.add(call);
  }

  private void named(int dirFd, Name name, String call) {
    Stat stat = new Stat();
    boolean torn = Sys.linux().tryStatx(dirFd, name, stat) == 0 && unsynced.contains(stat.ino);
    events.add(torn ? call + " unsynced" : call);
  }

  @Override
  public int pwrite(int fd, long address, int length, long offset) throws ErrnoException {
    wrote(fd);
    return super.pwrite(fd, address, length, offset);
  }

  @Override
  public long tryCopyFileRange(int inFd, long inOffset, int outFd, long outOffset, long length) {
    if (host == Host.NEITHER) {
      return -Errno.EXDEV;
    }
    try {
      wrote(outFd);
    } catch (ErrnoException e) {
      return -e.errno();
    }
    return super.tryCopyFileRange(inFd, inOffset, outFd, outOffset, length);
  }

  @Override
  public int tryFiclone(int fromFd, int toFd) {
    if (host != Host.REFLINKS) {
      return Errno.EOPNOTSUPP;
    }
    events.add("reflink");
    Stat stat = new Stat();
    try {
      Sys.linux().fstatx(fromFd, stat);
    } catch (ErrnoException e) {
      return e.errno();
    }
    long copied = Sys.linux().tryCopyFileRange(fromFd, 0, toFd, 0, stat.size);
    return copied == stat.size ? 0 : Errno.EIO;
  }

  @Override
  public void fsync(int fd) throws ErrnoException {
    synced(fd, "fsync");
  }

  @Override
  public void fdatasync(int fd) throws ErrnoException {
    synced(fd, "fdatasync");
  }

  @Override
  public void syncfs(int fd) {
    events.add("syncfs");
  }

  @Override
  public void syncFileRange(int fd, long offset, long length, boolean wait) {
    events.add("sync_file_range");
  }

  @Override
  public int tryRenameat2(int oldDir, Name oldName, int newDir, Name newName, int flags) {
    named(oldDir, oldName, "rename");
    return super.tryRenameat2(oldDir, oldName, newDir, newName, flags);
  }

  @Override
  public int tryLinkat(int oldDir, Name oldName, int newDir, Name newName) {
    named(oldDir, oldName, "link");
    return super.tryLinkat(oldDir, oldName, newDir, newName);
  }
}
