package io.unionfs;

import io.unionfs.core.MountRefusedException;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import io.unionfs.transport.mount.FuseMount;
import java.util.List;

/** The check of a mount point before anything is opened. */
final class MountPoints {
  private static final String TYPE = "fuse.unionfs-mount";

  private MountPoints() {}

  /**
   * The absolute path without links of a directory that can be mounted on.
   *
   * @throws MountRefusedException with a message for the user
   */
  static byte[] check(Sys sys, byte[] path) throws MountRefusedException {
    if (FuseMount.handedOver(path) >= 0) {
      return path; // no directory, but a descriptor of a mount that is there already
    }
    String shown = "mount point " + Name.of(path);
    try (Fd fd = new Fd(sys, sys.openPath(path, Linux.O_PATH, 0))) {
      Stat stat = new Stat();
      sys.fstatx(fd.raw(), stat);
      if (!stat.isDirectory()) {
        throw new MountRefusedException(shown + ": not a directory");
      }
      byte[] real = sys.readlinkat(Linux.AT_FDCWD, Name.of("/proc/self/fd/" + fd.raw()));
      refuseUnion(sys, real, shown);
      return real;
    } catch (ErrnoException e) {
      throw new MountRefusedException(shown + ": " + explain(e.errno(), path), e);
    }
  }

  private static void refuseUnion(Sys sys, byte[] real, String shown)
      throws MountRefusedException, ErrnoException {
    List<MountInfo> mounts = MountInfo.read(sys);
    for (int i = mounts.size() - 1; i >= 0; i--) {
      MountInfo mount = mounts.get(i);
      if (mount.mountPoint().equals(Name.of(real))) {
        if (mount.type().equals(TYPE)) {
          throw new MountRefusedException(
              shown + " is busy: a union is mounted there; unmount it first, or choose another");
        }
        return;
      }
    }
  }

  private static String explain(int errno, byte[] path) {
    return switch (errno) {
      case Errno.ENOENT -> "no such directory; create it first";
      case Errno.EACCES -> "permission denied";
      case Errno.ENOTCONN, Errno.ECONNABORTED ->
          "the server of the union there is gone; unmount with: unionfs umount " + Name.of(path);
      default -> Errno.message(errno);
    };
  }
}
