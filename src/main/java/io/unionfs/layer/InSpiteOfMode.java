package io.unionfs.layer;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.concurrent.locks.ReentrantLock;

/*
 * A server without CAP_DAC_OVERRIDE owns what is in the upper and yet may not read or mark a file of mode
 * 0444 or 0000, which its owner may rename, remove and give another mode. The mode is widened for the
 * one system call that needs it.
 */
/** Work on objects of the upper whose mode keeps their owner out. Never for a lower. */
public final class InSpiteOfMode {
  private static final int DIRECTORY = 0700;
  private static final int FILE = 0600;

  /* A leaf lock: the mode that is put back must be the object's own, not one widened meanwhile. */
  private static final ReentrantLock WIDENING = new ReentrantLock();

  private InSpiteOfMode() {}

  /** A system call or two. */
  public interface Action<T> {
    T run() throws ErrnoException;
  }

  /** A change of a mode. */
  public interface Change {
    void run() throws ErrnoException;
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
    WIDENING.lock();
    try {
      int mode = widen(sys, dirFd, name);
      try {
        return action.run();
      } finally {
        sys.fchmodat(dirFd, name, mode);
      }
    } finally {
      WIDENING.unlock();
    }
  }

  /**
   * The same for what is done in a directory that its mode keeps its owner from searching, or from
   * changing. By its descriptor, for then even "." is not to be had.
   */
  public static <T> T runIn(LayerDir dir, Action<T> action) throws ErrnoException {
    try {
      return action.run();
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EACCES || !dir.layer().writable()) {
        throw e;
      }
    }
    Sys sys = dir.sys();
    SharedFd fd = dir.pin();
    WIDENING.lock();
    try {
      Stat stat = new Stat();
      sys.fstatx(fd.fd(), stat);
      int mode = stat.permissions();
      sys.fchmod(fd.fd(), mode | needed(stat));
      try {
        return action.run();
      } finally {
        sys.fchmod(fd.fd(), mode);
      }
    } finally {
      WIDENING.unlock();
      fd.unpin();
    }
  }

  /**
   * Moves an object away that has no use for its mode any more, if need be with a wider one, as a
   * directory must have that is to move. Only where that fails it gets its own back.
   */
  public static void moving(Sys sys, int dirFd, Name name, Change move) throws ErrnoException {
    try {
      move.run();
      return;
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EACCES) {
        throw e;
      }
    }
    WIDENING.lock();
    try {
      int mode = widen(sys, dirFd, name);
      boolean moved = false;
      try {
        move.run();
        moved = true;
      } finally {
        if (!moved) {
          sys.fchmodat(dirFd, name, mode);
        }
      }
    } finally {
      WIDENING.unlock();
    }
  }

  /** Runs what changes a mode for good, so that no mode from before it is put back later. */
  public static void changing(Change change) throws ErrnoException {
    WIDENING.lock();
    try {
      change.run();
    } finally {
      WIDENING.unlock();
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
    sys.fchmodat(dirFd, name, stat.permissions() | needed(stat));
    return stat.permissions();
  }

  private static int needed(Stat stat) throws ErrnoException {
    int needed = stat.isDirectory() ? DIRECTORY : FILE;
    boolean hasMode = stat.isDirectory() || stat.isRegular();
    if (!hasMode || (stat.mode & needed) == needed || stat.uid != OwnProcess.geteuid()) {
      throw ErrnoException.of(Errno.EACCES);
    }
    return needed;
  }
}
