package io.unionfs.transport.mount;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;

/** The numbers by which {@code /sys/fs/fuse/connections} knows FUSE mounts. */
final class FuseConnections {
  private static final String MEMBER = "fuse_connection:";
  private static final int MOST_BYTES = 4096;

  private FuseConnections() {}

  /** The minor number of the mount's device; -1 if it is that of a block device (fuseblk). */
  static long of(MountInfo mount) {
    return mount.major() == 0 ? mount.minor() : -1;
  }

  /** What the kernel says of an open {@code /dev/fuse} (proc_pid_fdinfo(5)); -1 if nothing. */
  static long ofDevice(Sys sys, int deviceFd) {
    byte[] path = ("/proc/self/fdinfo/" + deviceFd).getBytes(StandardCharsets.US_ASCII);
    byte[] text = new byte[MOST_BYTES];
    try (Fd fd = new Fd(sys, sys.openPath(path, Linux.O_RDONLY, 0))) {
      int length = sys.preadArray(fd.raw(), text, 0, text.length, 0);
      return parse(new String(text, 0, length, StandardCharsets.US_ASCII));
    } catch (ErrnoException e) {
      return -1; // no /proc
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
}
