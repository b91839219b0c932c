package io.unionfs.layer;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;

/*
 * A server without CAP_DAC_OVERRIDE owns what is in the upper and yet may not read or mark a file of mode
 * 0444 or 0000, which its owner may rename, remove and give another mode. The mode is widened for the
 * one system call that needs it.
 */
/** Work on objects of the upper whose mode keeps their owner out. Never for a lower. */
public final class InSpiteOfMode {
  private static final int DIRECTORY = 0700;
  private static final int FILE = 0600;

  private InSpiteOfMode() {}

  /** A system call or two. */
  public interface Action<T> {
    T run() throws ErrnoException;
  }

  /** Runs an action, if need be with a wider mode of an object, which then gets its own back. */
  public static <T> T run(Sys sys, int dirFd, Name name, Action<T> action) throws ErrnoException {
    try {
      return action.run();
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EACCES) {
        throw e;
      }
    }
    int mode = widen(sys, dirFd, name);
    try {
      return action.run();
    } finally {
      sys.fchmodat(dirFd, name, mode);
    }
  }

  /**
   * Gives an object's owner all rights.
   *
   * @return the permissions that it had
   * @throws ErrnoException {@code EACCES} if the mode is not what keeps the owner out
   */
  public static int widen(Sys sys, int dirFd, Name name) throws ErrnoException {
    Stat stat = new Stat();
    sys.statx(dirFd, name, stat);
    int needed = stat.isDirectory() ? DIRECTORY : FILE;
    boolean hasMode = stat.isDirectory() || stat.isRegular();
    if (!hasMode || (stat.mode & needed) == needed || stat.uid != sys.geteuid()) {
      throw ErrnoException.of(Errno.EACCES);
    }
    sys.fchmodat(dirFd, name, stat.permissions() | needed);
    return stat.permissions();
  }
}
