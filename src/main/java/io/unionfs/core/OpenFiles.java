package io.unionfs.core;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import io.unionfs.layer.InSpiteOfMode;
import io.unionfs.layer.LayerDir;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.statistics.CacheFigures;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/*
 * Reads and writes name a node, not a handle, so a descriptor belongs to the node and serves all who
 * have it open. The pool is bounded; what falls out is opened again by name. A removed file is the
 * exception: its descriptor is held by the node.
 */
/** The descriptors through which file data is read and written. */
final class OpenFiles implements AutoCloseable {
  private static final int RLIMIT_NOFILE = 7;
  private static final int LEAST = 8;
  private static final int MOST = 8192;

  /** A descriptor and whether it is the upper's file: one of the lower ends with the copy-up. */
  private record Opened(SharedFd fd, boolean upper) {}

  private final Sys sys;
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final long limit;
  private final Places places;
  private final Cache<FileNode, Opened> readers;
  private final Cache<FileNode, Opened> writers;

  OpenFiles(Sys sys, Places places) {
    this.sys = sys;
    this.places = places;
    this.limit = Math.max(LEAST, Math.min(MOST, OwnProcess.getRlimit(RLIMIT_NOFILE)[0] / 8));
    this.readers = pool(limit);
    this.writers = pool(limit);
  }

  private static Cache<FileNode, Opened> pool(long limit) {
    return Caffeine.newBuilder()
        .maximumSize(limit)
        .executor(Runnable::run)
        .evictionListener(
            (@Nullable FileNode file, @Nullable Opened opened, RemovalCause cause) ->
                retire(opened))
        .build();
  }

  private static void retire(@Nullable Opened opened) {
    if (opened != null) {
      opened.fd().retire();
    }
  }

  /** Pins a descriptor for reading; the caller unpins it. */
  SharedFd pinForRead(FileNode file) throws ErrnoException {
    while (true) {
      boolean upper = file.dataInUpper();
      SharedFd open = pinReadable(file, upper);
      if (open != null) {
        hits.increment();
        return open;
      }
      misses.increment();
      SharedFd opened = openReader(file);
      if (file.dataInUpper() == upper) {
        put(readers, file, new Opened(opened, upper));
        return opened;
      }
      opened.unpin();
      opened.retire();
    }
  }

  private @Nullable SharedFd pinReadable(FileNode file, boolean upper) {
    if (upper) {
      SharedFd writable = pinWritable(file);
      if (writable != null) {
        return writable;
      }
    }
    Opened reader = readers.getIfPresent(file);
    return reader != null && reader.upper() == upper && reader.fd().tryPin() ? reader.fd() : null;
  }

  private @Nullable SharedFd pinWritable(FileNode file) {
    SharedFd orphan = file.orphan();
    if (orphan != null && orphan.tryPin()) {
      return orphan;
    }
    Opened writer = writers.getIfPresent(file);
    return writer != null && writer.fd().tryPin() ? writer.fd() : null;
  }

  private SharedFd openReader(FileNode file) throws ErrnoException {
    Place data = file.data();
    if (data != null) {
      return pinned(openRegular(data.dir(), data.name()));
    }
    return places.withFile(
        file, (dir, name) -> pinned(openRegular(dir, name)), host -> pinned(sys.dup(host.fd())));
  }

  private SharedFd openRegular(LayerDir dir, Name name) throws ErrnoException {
    int fd;
    try {
      fd = dir.openForRead(name, 0);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EACCES || !dir.layer().writable()) {
        throw e;
      }
      fd = openInSpiteOfMode(dir, name, Linux.O_RDONLY);
    }
    return dir.layer().writable() ? new SharedFd(sys, fd) : requireRegular(fd);
  }

  /* Others may have put a fifo or a directory in the place of a lower file; it is open already, with
  O_NONBLOCK, and nothing of it was read. */
  private SharedFd requireRegular(int fd) throws ErrnoException {
    Stat stat = new Stat();
    boolean regular = false;
    try {
      sys.fstatx(fd, stat);
      regular = stat.isRegular();
    } finally {
      if (!regular) {
        sys.close(fd);
      }
    }
    if (!regular) {
      throw ErrnoException.of(Errno.ESTALE);
    }
    return new SharedFd(sys, fd, stat.size);
  }

  /** Pins a descriptor for writing a file that was copied up; the caller unpins it. */
  SharedFd pinForWrite(FileNode file) throws ErrnoException {
    SharedFd open = pinWritable(file);
    if (open != null) {
      hits.increment();
      return open;
    }
    misses.increment();
    SharedFd opened =
        places.withFile(
            file,
            (dir, name) -> pinned(openWritable(dir, name)),
            host -> pinned(sys.dup(host.fd())));
    put(writers, file, new Opened(opened, true));
    return opened;
  }

  /** Opens an upper file for reading and writing, whatever its mode; the caller owns it. */
  int openWritable(LayerDir dir, Name name) throws ErrnoException {
    return openInSpiteOfMode(dir, name, Linux.O_RDWR);
  }

  /*
   * A server without CAP_DAC_OVERRIDE owns the upper's files but may not open one of mode 0444 for a
   * program that created it open for writing. The mode is put back before anybody is answered.
   */
  private int openInSpiteOfMode(LayerDir dir, Name name, int flags) throws ErrnoException {
    SharedFd parent = dir.pin();
    try {
      return InSpiteOfMode.run(sys, parent.fd(), name, () -> dir.openForWrite(name, flags));
    } finally {
      parent.unpin();
    }
  }

  /** Takes over the descriptor that a file was created with. */
  void adopt(FileNode file, int fd) {
    adopt(file, new SharedFd(sys, fd));
  }

  void adopt(FileNode file, SharedFd fd) {
    put(writers, file, new Opened(fd, true));
  }

  private void put(Cache<FileNode, Opened> pool, FileNode file, Opened opened) {
    retire(pool.asMap().put(file, opened));
    if (file.isRemoved()) {
      retire(pool.asMap().remove(file));
    }
  }

  private SharedFd pinned(int fd) {
    return pinned(new SharedFd(sys, fd));
  }

  private static SharedFd pinned(SharedFd shared) {
    if (!shared.tryPin()) {
      throw new IllegalStateException("a new descriptor cannot be pinned");
    }
    return shared;
  }

  /** Forgets a file's descriptors: it was copied up, removed, or nobody has it open. */
  void drop(FileNode file) {
    retire(readers.asMap().remove(file));
    retire(writers.asMap().remove(file));
  }

  /** How often a descriptor was there already. */
  CacheFigures figures() {
    return new CacheFigures(
        "descriptors",
        hits.sum(),
        misses.sum(),
        readers.estimatedSize() + writers.estimatedSize(),
        CacheFigures.UNKNOWN,
        2 * limit);
  }

  @Override
  public void close() {
    readers.asMap().keySet().forEach(this::drop);
    writers.asMap().keySet().forEach(this::drop);
  }
}
