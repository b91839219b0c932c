package io.unionfs.layer;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Sys;

/**
 * The upper layer and its work dir, in one private clone of their mount where that may be made.
 *
 * @param upper the writable layer
 * @param work the work dir, between which and the upper rename(2) works
 */
public record UpperLayers(Layer upper, Layer work) {
  /**
   * Opens both.
   *
   * @param upperPath an absolute path without links
   * @param workPath likewise, a directory of the same mount
   * @throws ErrnoException the errno of open(2) of either directory
   */
  public static UpperLayers open(Sys sys, byte[] upperPath, byte[] workPath) throws ErrnoException {
    int[] both = PrivateMounts.tryCloneBoth(sys, upperPath, workPath);
    boolean cloned = both != null;
    int first = both != null ? both[0] : openDirectory(sys, upperPath);
    try (Fd upperFd = new Fd(sys, first)) {
      int second = both != null ? both[1] : openDirectory(sys, workPath);
      try (Fd workFd = new Fd(sys, second)) {
        Layer upper = Layer.writable(sys, upperPath, upperFd.take(), cloned);
        Layer work = Layer.writable(sys, workPath, workFd.take(), cloned);
        return new UpperLayers(upper, work);
      }
    }
  }

  private static int openDirectory(Sys sys, byte[] path) throws ErrnoException {
    return sys.openPath(path, Linux.O_PATH | Linux.O_DIRECTORY, 0);
  }
}
