package io.unionfs.layer;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;

/**
 * The directories that a user names, checked before anything is mounted or changed. What is wrong
 * with them is an {@link IOException} with a message for the user.
 */
public final class Directories {
  private final Sys sys;

  public Directories(Sys sys) {
    this.sys = sys;
  }

  /**
   * A directory that exists and may be used.
   *
   * @param role what it is to the user
   * @param shown as the user named it
   * @param real its absolute path without links
   * @param stat its identity
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Checked(String role, byte[] shown, byte[] real, Stat stat) {
    /** Whether it is the directory with these attributes. */
    public boolean isSame(Stat other) {
      return stat.dev == other.dev && stat.ino == other.ino;
    }

    @Override
    public String toString() {
      return role + " " + Name.of(shown);
    }
  }

  /**
   * Checks that a directory is there and may be read.
   *
   * @throws IOException if not
   */
  public Checked check(String role, byte[] path) throws IOException {
    String what = role + " " + Name.of(path);
    try (Fd fd = new Fd(sys, sys.openPath(path, Linux.O_PATH | Linux.O_DIRECTORY, 0))) {
      Stat stat = new Stat();
      sys.fstatx(fd.raw(), stat);
      byte[] real = sys.readlinkat(Linux.AT_FDCWD, Name.of("/proc/self/fd/" + fd.raw()));
      sys.close(sys.openPath(path, Linux.O_RDONLY | Linux.O_DIRECTORY, 0));
      return new Checked(role, path, real, stat);
    } catch (ErrnoException e) {
      throw new IOException(what + ": " + explain(e.errno()), e);
    }
  }

  private static String explain(int errno) {
    return switch (errno) {
      case Errno.ENOENT -> "no such directory; create it or correct the path";
      case Errno.ENOTDIR -> "not a directory";
      case Errno.EACCES, Errno.EPERM -> "permission denied; it must be readable and searchable";
      case Errno.ENOTCONN ->
          "a mount whose server is gone stands there; unmount it first with umount -l";
      default -> Errno.message(errno);
    };
  }

  /**
   * Checks that what a lower has cannot change through a directory that is written to.
   *
   * @throws IOException if it is that directory or inside it
   */
  public void requireOutside(Checked lower, Checked writable) throws IOException {
    if (isInside(lower, writable)) {
      throw new IOException(
          lower
              + " is the "
              + writable
              + ", or inside it: a lower must never change; use a directory elsewhere");
    }
  }

  /**
   * Checks that an upper and a work directory can be used together.
   *
   * @throws IOException if they are one, rename(2) cannot work between them, or the upper is inside
   *     the work directory, which is emptied
   */
  public void requireApart(Checked upper, Checked work) throws IOException {
    if (upper.isSame(work.stat())) {
      throw new IOException(
          work + " is the " + upper + "; the work directory must be one of its own");
    }
    boolean sameFileSystem =
        upper.stat().dev == work.stat().dev && upper.stat().mntId == work.stat().mntId;
    if (!sameFileSystem) {
      throw new IOException(
          upper
              + " and "
              + work
              + " are on different file systems or mounts; give a --work on the upper's");
    }
    if (isInside(upper, work)) {
      throw new IOException(upper + " is inside the " + work + "; use separate directories");
    }
  }

  /* Whether a directory is another one or lies somewhere below it, through mounts as well. */
  private boolean isInside(Checked inner, Checked outer) throws IOException {
    try {
      int fd = sys.openPath(inner.real(), Linux.O_PATH | Linux.O_DIRECTORY, 0);
      try (Fd start = new Fd(sys, fd)) {
        return climbs(start, outer);
      }
    } catch (ErrnoException e) {
      throw new IOException(inner + ": " + e.getMessage(), e);
    }
  }

  private boolean climbs(Fd start, Checked outer) throws ErrnoException {
    Stat stat = new Stat();
    Stat above = new Stat();
    sys.fstatx(start.raw(), stat);
    int current = start.raw();
    try {
      while (true) {
        if (outer.isSame(stat)) {
          return true;
        }
        int next = sys.openat(current, Name.DOTDOT, Linux.O_PATH | Linux.O_DIRECTORY, 0);
        if (current != start.raw()) {
          sys.close(current);
        }
        current = next;
        sys.fstatx(current, above);
        if (above.dev == stat.dev && above.ino == stat.ino && above.mntId == stat.mntId) {
          return false;
        }
        stat.copyFrom(above);
      }
    } finally {
      if (current != start.raw()) {
        sys.close(current);
      }
    }
  }
}
