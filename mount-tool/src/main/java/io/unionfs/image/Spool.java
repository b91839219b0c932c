package io.unionfs.image;

import io.unionfs.image.file.Directories;
import io.unionfs.image.tar.TarHeader.Extent;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/*
 * Every change of a file gives it a new ctime, which nobody can set back; but the times of a file system may be
 * whole seconds, so that two changes have the same one, and a change has its time before it is made. So data count
 * for what a file has later only if its last change was some time past when they were begun to be read, and
 * nothing changed until their end.
 */
/** The data of files, read ahead into a file without a name; for one thread. */
final class Spool implements AutoCloseable {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final long SETTLED_NANOS = TimeUnit.SECONDS.toNanos(5);

  /* What is known of each takes some memory; the others are read again. */
  private static final int MOST_KNOWN = 300_000;
  private static final int MOST_EXTENTS = 1_000_000;

  private final Sys sys;
  private final Fd file;
  private final Clock clock;
  private final byte[] buffer = new byte[1 << 18];
  private final Map<HostInode, Data> known = new HashMap<>();
  private long end;
  private long extentsKnown;

  /**
   * Data of a file.
   *
   * @param offset where they begin in the spool
   */
  record Data(
      long size,
      long mtime,
      int mtimeNsec,
      long ctime,
      int ctimeNsec,
      List<Extent> extents,
      long offset) {
    boolean isOf(Stat stat) {
      return size == stat.size
          && mtime == stat.mtime
          && mtimeNsec == stat.mtimeNsec
          && ctime == stat.ctime
          && ctimeNsec == stat.ctimeNsec;
    }
  }

  /**
   * @param file where they go, taken over
   */
  Spool(Sys sys, Fd file, Clock clock) {
    this.sys = sys;
    this.file = file;
    this.clock = clock;
  }

  /** A file without a name. */
  static Fd unnamed(Sys sys, byte[] directory) throws IOException {
    try {
      return new Fd(sys, sys.openPath(directory, Linux.O_TMPFILE | Linux.O_RDWR, 0600));
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EOPNOTSUPP && e.errno() != Errno.EISDIR) {
        throw failed(e);
      }
    }
    try (Fd parent = Directories.open(sys, directory)) {
      Name name = Name.of(".unionfs-spool-" + Long.toHexString(RANDOM.nextLong()));
      int flags = Linux.O_CREAT | Linux.O_EXCL | Linux.O_RDWR;
      Fd file = new Fd(sys, sys.openat(parent.raw(), name, flags, 0600));
      int errno = sys.tryUnlinkat(parent.raw(), name, 0);
      if (errno != 0) {
        file.close();
        throw ErrnoException.of(errno);
      }
      return file;
    } catch (ErrnoException e) {
      throw failed(e);
    }
  }

  /**
   * Reads a file ahead, unless it was read as it is now. What may be another's data later is not
   * kept.
   *
   * @throws ErrnoException if it cannot be read
   * @throws LayerException if it becomes shorter meanwhile
   * @throws SpoolException if there is no room for it
   */
  void readAhead(int fd, LayerUnpacking.Watcher watcher) throws IOException, ErrnoException {
    Instant begun = clock.instant();
    Stat stat = new Stat();
    sys.fstatx(fd, stat);
    Data old = known.get(HostInode.of(stat));
    boolean room = old != null || known.size() < MOST_KNOWN;
    if (!room || !isPast(stat, begun)) {
      return;
    }
    long before = end;
    Data read = read(fd, watcher);
    if (!read.equals(known.get(HostInode.of(stat)))) {
      end = before;
    }
  }

  /**
   * Reads a file, unless it was read as it is now.
   *
   * @throws ErrnoException if it cannot be read
   * @throws LayerException if it becomes shorter meanwhile
   * @throws SpoolException if there is no room for it
   */
  Data read(int fd, LayerUnpacking.Watcher watcher) throws IOException, ErrnoException {
    Instant begun = clock.instant();
    Stat before = new Stat();
    sys.fstatx(fd, before);
    HostInode inode = HostInode.of(before);
    Data old = known.get(inode);
    if (old != null && old.isOf(before)) {
      return old;
    }
    forget(inode, old);
    List<Extent> extents = ObjectReader.extents(sys, fd, before.size);
    long offset = end;
    for (Extent extent : extents) {
      copy(fd, extent, watcher);
    }
    Stat after = new Stat();
    sys.fstatx(fd, after);
    Data read =
        new Data(
            after.size,
            after.mtime,
            after.mtimeNsec,
            after.ctime,
            after.ctimeNsec,
            extents,
            offset);
    if (read.isOf(before) && isPast(after, begun)) {
      remember(inode, read);
    }
    return read;
  }

  private void remember(HostInode inode, Data read) {
    int extents = read.extents().size();
    if (known.size() < MOST_KNOWN && extentsKnown + extents <= MOST_EXTENTS) {
      known.put(inode, read);
      extentsKnown += extents;
    }
  }

  private void forget(HostInode inode, @Nullable Data old) {
    if (old != null) {
      known.remove(inode);
      extentsKnown -= old.extents().size();
    }
  }

  /* One in the future too is none to rely on. */
  private static boolean isPast(Stat stat, Instant begun) {
    Instant changed = Instant.ofEpochSecond(stat.ctime, stat.ctimeNsec);
    return changed.isBefore(begun.minusNanos(SETTLED_NANOS));
  }

  private void copy(int fd, Extent extent, LayerUnpacking.Watcher watcher)
      throws IOException, ErrnoException {
    long done = 0;
    while (done < extent.length()) {
      Interruptions.check();
      int wanted = (int) Math.min(buffer.length, extent.length() - done);
      int read = sys.preadArray(fd, buffer, 0, wanted, extent.offset() + done);
      if (read == 0) {
        throw new LayerException("a file became shorter while it was read");
      }
      write(read);
      done += read;
      watcher.add(0, read);
    }
  }

  private void write(int length) throws IOException {
    int done = 0;
    try {
      while (done < length) {
        int written = sys.pwriteArray(file.raw(), buffer, done, length - done, end);
        done += written;
        end += written;
      }
    } catch (ErrnoException e) {
      throw failed(e);
    }
  }

  /** How many bytes it has. */
  long bytes() {
    return end;
  }

  /** What was read of a file. */
  LayerSink.Content content(long offset, long length) {
    long[] done = {0};
    return (target, start, wanted) -> {
      int most = (int) Math.min(wanted, length - done[0]);
      if (most == 0) {
        return -1;
      }
      int read = sys.preadArray(file.raw(), target, start, most, offset + done[0]);
      done[0] += read;
      return read == 0 ? -1 : read;
    };
  }

  static SpoolException failed(ErrnoException e) {
    return new SpoolException("what was changed cannot be copied", e);
  }

  @Override
  public void close() {
    file.close();
  }
}
