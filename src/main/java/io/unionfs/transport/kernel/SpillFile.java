package io.unionfs.transport.kernel;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import java.util.concurrent.locks.ReentrantLock;

/** An unnamed file on the upper's file system, there only while something is in it. */
final class SpillFile {
  private static final int NONE = -1;

  private final UnionFileSystem fs;
  private final Sys sys = Sys.linux();
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private int fd = NONE;

  @GuardedBy("lock")
  private long end;

  SpillFile(UnionFileSystem fs) {
    this.fs = fs;
  }

  /**
   * Puts bytes down; where they are.
   *
   * @throws ErrnoException {@code ENOSPC} and the like, with nothing kept
   */
  long store(long address, int length) throws ErrnoException {
    lock.lock();
    try {
      if (fd == NONE) {
        fd = fs.openScratch();
      }
      long place = end;
      int done = 0;
      while (done < length) {
        int wrote = sys.pwrite(fd, address + done, length - done, place + done);
        if (wrote == 0) {
          throw ErrnoException.of(Errno.ENOSPC);
        }
        done += wrote;
      }
      end = place + length;
      return place;
    } finally {
      lock.unlock();
    }
  }

  /** Gets bytes back. */
  void load(long place, long address, int length) throws ErrnoException {
    lock.lock();
    try {
      int done = 0;
      while (done < length) {
        int read = sys.pread(fd, address + done, length - done, place + done);
        if (read == 0) {
          throw ErrnoException.of(Errno.EIO);
        }
        done += read;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Gives up the file and what is in it. */
  void empty() {
    lock.lock();
    try {
      if (fd != NONE) {
        sys.close(fd);
        fd = NONE;
        end = 0;
      }
    } finally {
      lock.unlock();
    }
  }
}
