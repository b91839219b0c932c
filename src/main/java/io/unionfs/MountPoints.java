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
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The check of a mount point before anything is opened. */
final class MountPoints {
  private static final String TYPE = "fuse.unionfs-mount";

  private static final Logger log = LoggerFactory.getLogger(MountPoints.class);

  private MountPoints() {}

  /**
   * The absolute path without links of a directory that can be mounted on. What a union's dead
   * server left there is unmounted: nobody can use it, and the upper has a lock of its own.
   *
   * @throws MountRefusedException with a message for the user
   */
  static byte[] check(Sys sys, byte[] path) throws MountRefusedException {
    if (FuseMount.handedOver(path) >= 0) {
      return path; // no directory, but a descriptor of a mount that is there already
    }
    String shown = "mount point " + Name.of(path);
    try {
      return checkDirectory(sys, path, shown);
    } catch (ErrnoException e) {
      if (isDead(e.errno())) {
        return checkOverDead(sys, path, shown);
      }
      throw refused(e, path, shown);
    }
  }

  private static byte[] checkOverDead(Sys sys, byte[] path, String shown)
      throws MountRefusedException {
    try {
      MountInfo dead = unionAt(sys, path);
      if (dead != null) {
        detach(sys, dead, shown);
      }
      return checkDirectory(sys, path, shown);
    } catch (ErrnoException e) {
      throw refused(e, path, shown);
    }
  }

  private static MountRefusedException refused(ErrnoException e, byte[] path, String shown) {
    return new MountRefusedException(shown + ": " + explain(e.errno(), path), e);
  }

  private static byte[] checkDirectory(Sys sys, byte[] path, String shown)
      throws MountRefusedException, ErrnoException {
    try (Fd fd = new Fd(sys, sys.openPath(path, Linux.O_PATH, 0))) {
      Stat stat = new Stat();
      sys.fstatx(fd.raw(), stat);
      if (!stat.isDirectory()) {
        throw new MountRefusedException(shown + ": not a directory");
      }
      byte[] real = realPath(sys, fd);
      MountInfo there = topmost(sys, Name.of(real));
      if (there != null && there.type().equals(TYPE)) {
        throw new MountRefusedException(
            shown + " is busy: a union is mounted there; unmount it first, or choose another");
      }
      return real;
    }
  }

  private static @Nullable MountInfo unionAt(Sys sys, byte[] path) throws ErrnoException {
    try (Fd fd = new Fd(sys, sys.openPath(path, Linux.O_PATH, 0))) {
      MountInfo there = topmost(sys, Name.of(realPath(sys, fd)));
      return there != null && there.type().equals(TYPE) ? there : null;
    }
  }

  /* Not with what is mounted below, such as a container's /proc and volumes: that is somebody's. */
  private static void detach(Sys sys, MountInfo dead, String shown)
      throws MountRefusedException, ErrnoException {
    String gone = shown + ": the server of the union there is gone; ";
    for (MountInfo mount : MountInfo.read(sys)) {
      if (mount.parent() == dead.id()) {
        throw new MountRefusedException(
            gone
                + "unmount "
                + mount.mountPoint()
                + ", which is mounted in it, and then the union");
      }
    }
    try {
      FuseMount.detach(sys, dead.mountPoint());
      log.info("{}it was unmounted", gone);
    } catch (IOException e) {
      throw new MountRefusedException(gone + "unmount it first: " + e.getMessage(), e);
    }
  }

  private static byte[] realPath(Sys sys, Fd fd) throws ErrnoException {
    return sys.readlinkat(Linux.AT_FDCWD, Name.of("/proc/self/fd/" + fd.raw()));
  }

  private static @Nullable MountInfo topmost(Sys sys, Name real) throws ErrnoException {
    List<MountInfo> mounts = MountInfo.read(sys);
    for (int i = mounts.size() - 1; i >= 0; i--) {
      if (mounts.get(i).mountPoint().equals(real)) {
        return mounts.get(i);
      }
    }
    return null;
  }

  private static boolean isDead(int errno) {
    return errno == Errno.ENOTCONN || errno == Errno.ECONNABORTED;
  }

  private static String explain(int errno, byte[] path) {
    return switch (errno) {
      case Errno.ENOENT -> "no such directory; create it first";
      case Errno.EACCES -> "permission denied";
      case Errno.ENOTCONN, Errno.ECONNABORTED ->
          "the server of the mount there is gone; unmount it first: umount " + Name.of(path);
      default -> Errno.message(errno);
    };
  }
}
