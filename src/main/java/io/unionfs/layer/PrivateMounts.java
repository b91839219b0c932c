package io.unionfs.layer;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.Arrays;

/**
 * Private clones of mounts, by open_tree(2) and mount_setattr(2), for processes that may make them.
 */
final class PrivateMounts {
  private PrivateMounts() {}

  /**
   * A detached clone of the mount that holds {@code path}, rooted at that directory and without
   * what is mounted below it.
   *
   * @return the descriptor, or the negated errno where cloning is not allowed here
   */
  static int tryClone(Sys sys, byte[] path, long attributes) {
    int fd;
    try {
      fd = sys.openTree(Linux.AT_FDCWD, path, Linux.OPEN_TREE_CLONE | Linux.OPEN_TREE_CLOEXEC);
    } catch (ErrnoException e) {
      return -e.errno();
    }
    try (Fd clone = new Fd(sys, fd)) {
      sys.mountSetattr(fd, Linux.AT_EMPTY_PATH, attributes, Linux.MOUNT_ATTR__ATIME);
      return clone.take();
    } catch (ErrnoException e) {
      return -e.errno();
    }
  }

  /**
   * One clone that holds two directories of the same mount, since rename(2) and link(2) between two
   * clones of one mount give {@code EXDEV}.
   *
   * @return the descriptors of the first and second directory in the clone, or null where it cannot
   *     be made
   */
  static int @org.jspecify.annotations.Nullable [] tryCloneBoth(
      Sys sys, byte[] realFirst, byte[] realSecond) throws ErrnoException {
    int common = commonDirectory(realFirst, realSecond);
    byte[] ancestor = common == 0 ? new byte[] {'/'} : Arrays.copyOf(realFirst, common);
    int clone = tryClone(sys, ancestor, Linux.MOUNT_ATTR_NOATIME | Linux.MOUNT_ATTR_NODEV);
    if (clone < 0) {
      return null;
    }
    try (Fd owned = new Fd(sys, clone)) {
      int first = below(sys, clone, realFirst, common);
      if (first < 0) {
        return null;
      }
      try (Fd firstFd = new Fd(sys, first)) {
        int second = below(sys, clone, realSecond, common);
        if (second < 0) {
          return null;
        }
        try (Fd secondFd = new Fd(sys, second)) {
          if (!same(sys, first, realFirst) || !same(sys, second, realSecond)) {
            return null;
          }
          return new int[] {firstFd.take(), secondFd.take()};
        }
      }
    }
  }

  private static int below(Sys sys, int clone, byte[] real, int common) {
    byte[] relative =
        common >= real.length
            ? new byte[] {'.'}
            : Arrays.copyOfRange(real, common == 0 ? 1 : common + 1, real.length);
    if (relative.length == 0) {
      relative = new byte[] {'.'};
    }
    int fd =
        sys.tryOpenBeneath(
            clone,
            relative,
            Linux.O_PATH | Linux.O_DIRECTORY | Linux.O_CLOEXEC,
            0,
            Linux.RESOLVE_BENEATH | Linux.RESOLVE_NO_SYMLINKS | Linux.RESOLVE_NO_XDEV);
    return fd == -Errno.ENOSYS ? -1 : fd;
  }

  private static boolean same(Sys sys, int fd, byte[] path) throws ErrnoException {
    Stat inClone = new Stat();
    Stat direct = new Stat();
    sys.fstatx(fd, inClone);
    sys.statxPath(path, true, direct);
    return inClone.dev == direct.dev && inClone.ino == direct.ino;
  }

  /** The length of the longest path that is a directory above, or equal to, both. */
  static int commonDirectory(byte[] first, byte[] second) {
    int limit = Math.min(first.length, second.length);
    int common = 0;
    int i = 0;
    while (i < limit && first[i] == second[i]) {
      if (first[i] == '/') {
        common = i;
      }
      i++;
    }
    boolean firstEnds = i == first.length && (i == second.length || second[i] == '/');
    boolean secondEnds = i == second.length && (i == first.length || first[i] == '/');
    return firstEnds || secondEnds ? i : common;
  }
}
