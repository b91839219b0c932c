package io.unionfs.cli;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.StatFs;
import io.unionfs.sys.Sys;
import io.unionfs.transport.mount.FuseConnections;
import java.nio.charset.StandardCharsets;

/*
 * A mount that is not for all answers nobody but its user. To others, root among them, the kernel answers
 * for it, dead or alive. To ask as that user would be to wait for what he likes: his server may be anything.
 * So root looks who has the device.
 */
/** A mount whose server ended without unmounting it. */
final class DeadServer {
  private DeadServer() {}

  /**
   * Whether a mount is what a dead server left. A server that hangs is not dead: one that can be
   * seen is not asked, because whoever asks it hangs as well.
   */
  static boolean leaves(Sys sys, MountInfo mount) {
    byte[] path = mount.mountPoint().bytes();
    if (Servers.of(sys, new String(path, StandardCharsets.ISO_8859_1)) != null) {
      return false;
    }
    Integer owner = MountedUnion.owner(mount);
    if (OwnProcess.geteuid() == 0 && owner != null && owner != 0) {
      return !FuseConnections.mayBeServed(sys, mount, owner);
    }
    try (Fd fd = new Fd(sys, sys.openPath(path, Linux.O_PATH, 0))) {
      sys.fstatfs(fd.raw(), new StatFs()); // is never answered from a cache
      return false;
    } catch (ErrnoException e) {
      return e.errno() == Errno.ENOTCONN || e.errno() == Errno.ECONNABORTED;
    }
  }

  /** What to do about it. */
  static String advice(MountInfo mount) {
    return "server is gone; unmount with: unionfs umount " + mount.mountPoint();
  }
}
