package io.unionfs.transport.mount;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.StatFs;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;

/** The numbers by which {@code /sys/fs/fuse/connections} knows FUSE mounts. */
final class FuseConnections {
  private static final String DIRECTORY = "/sys/fs/fuse/connections";
  private static final long FUSECTL_SUPER_MAGIC = 0x65735543L;
  private static final String MEMBER = "fuse_connection:";
  private static final int MOST_BYTES = 4096;

  private FuseConnections() {}

  /** The minor number of the mount's device; -1 if it is that of a block device (fuseblk). */
  static long of(MountInfo mount) {
    return mount.major() == 0 ? mount.minor() : -1;
  }

  /** What the kernel says of an open {@code /dev/fuse} (proc_pid_fdinfo(5)); -1 if nothing. */
  static long ofDevice(Sys sys, int deviceFd) {
    byte[] path = ascii("/proc/self/fdinfo/" + deviceFd);
    byte[] text = new byte[MOST_BYTES];
    try (Fd fd = new Fd(sys, sys.openPath(path, Linux.O_RDONLY, 0))) {
      int length = sys.preadArray(fd.raw(), text, 0, text.length, 0);
      return parse(new String(text, 0, length, StandardCharsets.US_ASCII));
    } catch (ErrnoException e) {
      return -1; // no /proc
    }
  }

  /**
   * Ends a connection as if its server were gone; nothing happens if it has ended.
   *
   * @throws ErrnoException {@code ENODEV} if fusectl is not mounted; {@code EACCES} if another user
   *     made the connection
   */
  static void abort(Sys sys, long connection) throws ErrnoException {
    byte[] directory = ascii(DIRECTORY);
    StatFs there = new StatFs();
    try (Fd fd = new Fd(sys, sys.openPath(directory, Linux.O_PATH | Linux.O_DIRECTORY, 0))) {
      sys.fstatfs(fd.raw(), there);
      if (there.type != FUSECTL_SUPER_MAGIC) {
        throw ErrnoException.of(Errno.ENODEV);
      }
      int abort = sys.tryOpenat(fd.raw(), Name.of(connection + "/abort"), Linux.O_WRONLY, 0);
      if (abort == -Errno.ENOENT) {
        return;
      }
      if (abort < 0) {
        throw ErrnoException.of(-abort);
      }
      try (Fd file = new Fd(sys, abort)) {
        sys.write(file.raw(), ascii("1"));
      }
    }
  }

  /** Has the kernel hand on what was written to a mount; nothing happens if it is not seen here. */
  static void sync(Sys sys, long connection) throws ErrnoException {
    Stat stat = new Stat();
    for (MountInfo mount : MountInfo.read(sys)) {
      if (of(mount) != connection) {
        continue;
      }
      byte[] path = mount.mountPoint().bytes();
      try (Fd fd = new Fd(sys, sys.openPath(path, Linux.O_RDONLY | Linux.O_DIRECTORY, 0))) {
        sys.fstatx(fd.raw(), stat);
        if (stat.dev == Linux.makedev(0, mount.minor())) { // else it is mounted over
          sys.syncfs(fd.raw());
          return;
        }
      }
    }
  }

  static long parse(String fdinfo) {
    for (String line : fdinfo.split("\n", -1)) {
      if (line.startsWith(MEMBER)) {
        return Long.parseLong(line.substring(MEMBER.length()).strip());
      }
    }
    return -1;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
