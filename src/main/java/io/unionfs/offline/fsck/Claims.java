package io.unionfs.offline.fsck;

import io.unionfs.offline.LayerSource;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * A mount holds flock(2) on its upper and work directory (core.UpperClaim). The kernel's overlayfs and
 * fuse-overlayfs do not; their mounts are found in the mount table where they are in this namespace and
 * name the upper by the same path.
 */
/** The sole right to write to an upper and its work directory. */
final class Claims implements AutoCloseable {
  private final List<Fd> held = new ArrayList<>();

  private Claims() {}

  /** Whether a mount uses a directory right now. */
  static boolean isClaimed(Sys sys, byte[] path) throws ErrnoException {
    try (Fd fd = new Fd(sys, sys.openPath(path, Linux.O_RDONLY | Linux.O_DIRECTORY, 0))) {
      // a shared lock for a moment: who mounts meanwhile tries again
      return sys.tryFlock(fd.raw(), Linux.LOCK_SH | Linux.LOCK_NB) == Errno.EWOULDBLOCK;
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EACCES) {
        return false;
      }
      throw e;
    }
  }

  /**
   * Claims an upper and its work directory.
   *
   * @throws IOException if a mount uses one of them; the message is for the user
   */
  static Claims take(Sys sys, LayerSource upper, @Nullable LayerSource work) throws IOException {
    Claims claims = new Claims();
    boolean taken = false;
    try {
      requireUnmounted(sys, upper);
      claims.add(sys, "upper directory", upper);
      if (work != null) {
        claims.add(sys, "work directory", work);
      }
      taken = true;
      return claims;
    } finally {
      if (!taken) {
        claims.close();
      }
    }
  }

  private static void requireUnmounted(Sys sys, LayerSource upper) throws IOException {
    String option = "upperdir=" + upper.shown();
    try {
      for (MountInfo mount : MountInfo.read(sys)) {
        if (List.of(mount.superOptions().split(",", -1)).contains(option)) {
          throw new IOException(
              "upper directory "
                  + upper.shown()
                  + " is in use by the mount at "
                  + mount.mountPoint()
                  + "; unmount that first");
        }
      }
    } catch (ErrnoException e) {
      throw new IOException("the mount table: " + e.getMessage(), e);
    }
  }

  private void add(Sys sys, String role, LayerSource source) throws IOException {
    try {
      Fd fd = new Fd(sys, sys.openPath(source.path(), Linux.O_RDONLY | Linux.O_DIRECTORY, 0));
      held.add(fd);
      int errno = sys.tryFlock(fd.raw(), Linux.LOCK_EX | Linux.LOCK_NB);
      if (errno == Errno.EWOULDBLOCK) {
        throw new IOException(
            role + " " + source.shown() + " is in use by a mounted union; unmount that first");
      }
      if (errno != 0) {
        throw ErrnoException.of(errno);
      }
    } catch (ErrnoException e) {
      throw new IOException(role + " " + source.shown() + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    held.forEach(Fd::close);
  }
}
