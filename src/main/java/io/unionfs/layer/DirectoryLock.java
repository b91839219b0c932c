package io.unionfs.layer;

import io.unionfs.layer.Directories.Checked;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Sys;

/**
 * What stands for the sole right to write to an upper or a work directory. A lock of the kernel
 * (flock(2)) and no file: it goes with the process that holds it, however that ends.
 */
public final class DirectoryLock implements AutoCloseable {
  private final Sys sys;
  private final Fd fd;

  private DirectoryLock(Sys sys, Fd fd) {
    this.sys = sys;
    this.fd = fd;
  }

  /** The lock of a directory, which is not taken yet. */
  public static DirectoryLock of(Sys sys, Checked directory) throws ErrnoException {
    return new DirectoryLock(sys, open(sys, directory.real()));
  }

  /** Whether somebody has taken the lock of a directory. */
  public static boolean isTaken(Sys sys, byte[] directory) throws ErrnoException {
    try (Fd fd = open(sys, directory)) {
      // a shared lock for a moment: who takes it meanwhile tries again
      return sys.tryFlock(fd.raw(), Linux.LOCK_SH | Linux.LOCK_NB) == Errno.EWOULDBLOCK;
    }
  }

  private static Fd open(Sys sys, byte[] directory) throws ErrnoException {
    return new Fd(sys, sys.openPath(directory, Linux.O_RDONLY | Linux.O_DIRECTORY, 0));
  }

  /** Takes it until it is closed; false if somebody else has it. */
  public boolean tryTake() throws ErrnoException {
    int errno = sys.tryFlock(fd.raw(), Linux.LOCK_EX | Linux.LOCK_NB);
    if (errno != 0 && errno != Errno.EWOULDBLOCK) {
      throw ErrnoException.of(errno);
    }
    return errno == 0;
  }

  @Override
  public void close() {
    fd.close();
  }
}
