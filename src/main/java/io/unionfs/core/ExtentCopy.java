package io.unionfs.core;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Sys;

/** The copying of a file's data part by part, holes kept. */
final class ExtentCopy {
  private static final long CHUNK_BYTES = 8L << 20;
  private static final int BUFFER_BYTES = 1 << 18;

  /* How much may be on its way to the disk when the copy is complete and fsync(2) waits for it. */
  private static final long BEHIND_BYTES = 64L << 20;

  private final Sys sys;
  private final int from;
  private final int to;

  /* Whether copy_file_range(2) works between these two files; unknown until it is tried. */
  private boolean copyFileRange = true;

  private final boolean durable;

  /* Up to where the copy was told to the disk. */
  private long writtenOut;

  private ExtentCopy(Sys sys, int from, int to, boolean durable) {
    this.sys = sys;
    this.from = from;
    this.to = to;
    this.durable = durable;
  }

  /**
   * Copies the first {@code size} bytes of one file into another that is empty.
   *
   * @param durable whether an fsync(2) is to come, which is then kept short: it cannot be
   *     interrupted
   * @return whether data was written: false for a file of holes
   */
  static boolean copy(Sys sys, int from, int to, long size, boolean durable) throws ErrnoException {
    return new ExtentCopy(sys, from, to, durable).extents(size);
  }

  private boolean extents(long size) throws ErrnoException {
    long at = 0;
    boolean wrote = false;
    while (at < size) {
      long data = sys.tryLseek(from, at, Linux.SEEK_DATA);
      if (data == -Errno.ENXIO) {
        break;
      }
      if (data < 0) {
        data = at; // no SEEK_DATA here: all of it counts as data
      }
      if (data >= size) {
        break;
      }
      long hole = sys.tryLseek(from, data, Linux.SEEK_HOLE);
      long end = hole < 0 ? size : Math.min(hole, size);
      range(data, end);
      wrote = true;
      at = end;
    }
    sys.ftruncate(to, size);
    return wrote;
  }

  private void range(long start, long end) throws ErrnoException {
    long at = start;
    while (at < end && copyFileRange) {
      long copied = sys.tryCopyFileRange(from, at, to, at, Math.min(CHUNK_BYTES, end - at));
      if (copied > 0) {
        at += copied;
        pause(at);
      } else if (copied == 0) {
        throw ErrnoException.of(Errno.EIO); // shorter than it was when the copy began
      } else if (copied == -Errno.EXDEV
          || copied == -Errno.EINVAL
          || copied == -Errno.ENOSYS
          || copied == -Errno.EOPNOTSUPP
          || copied == -Errno.EPERM) {
        copyFileRange = false;
      } else if (copied != -Errno.EINTR) {
        throw ErrnoException.of((int) -copied);
      }
    }
    if (at < end) {
      buffered(at, end);
    }
  }

  private void buffered(long start, long end) throws ErrnoException {
    try (NativeMemory buffer = NativeMemory.allocate(BUFFER_BYTES)) {
      long at = start;
      while (at < end) {
        int read = sys.pread(from, buffer.address(), (int) Math.min(BUFFER_BYTES, end - at), at);
        if (read == 0) {
          throw ErrnoException.of(Errno.EIO);
        }
        writeFully(sys, to, buffer.address(), read, at);
        at += read;
        pause(at);
      }
    }
  }

  /* Between two parts: the caller may have given up, and the disk is to keep up. */
  private void pause(long at) throws ErrnoException {
    if (Thread.currentThread().isInterrupted()) {
      throw ErrnoException.of(Errno.EINTR);
    }
    if (durable && at - writtenOut >= CHUNK_BYTES) {
      sys.syncFileRange(to, writtenOut, at - writtenOut, false);
      long settled = writtenOut - BEHIND_BYTES;
      if (settled >= 0) {
        sys.syncFileRange(to, settled, at - writtenOut, true);
      }
      writtenOut = at;
    }
  }

  /** Writes all bytes or throws. */
  static void writeFully(Sys sys, int fd, long address, int length, long offset)
      throws ErrnoException {
    int done = 0;
    while (done < length) {
      int wrote = sys.pwrite(fd, address + done, length - done, offset + done);
      if (wrote == 0) {
        throw ErrnoException.of(Errno.EIO);
      }
      done += wrote;
    }
  }
}
