package io.unionfs.control;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where control sockets are: one directory for each user, one socket for each mount's number. */
final class ControlSockets {
  private static final String NAME = "/unionfs";
  private static final String ROOTS = "/run";
  private static final String USERS = "/run/user/";

  private ControlSockets() {}

  /** The directory of this process's user: {@code ${XDG_RUNTIME_DIR:-/run}/unionfs}. */
  private static String directory() {
    String runtime = System.getenv("XDG_RUNTIME_DIR");
    return (runtime == null || runtime.isEmpty() ? ROOTS : runtime) + NAME;
  }

  /**
   * The path for a new socket; its directory is made if it is missing.
   *
   * @throws ErrnoException if it cannot be made, or {@code EPERM} if somebody else owns it or may
   *     write there
   */
  static byte[] forNew(Sys sys, long mountId) throws ErrnoException {
    byte[] directory = bytes(directory());
    try {
      sys.mkdirat(Linux.AT_FDCWD, Name.of(directory), 0700);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EEXIST) {
        throw e;
      }
    }
    Stat stat = new Stat();
    sys.statxPath(directory, false, stat);
    if (!stat.isDirectory() || stat.uid != sys.geteuid() || (stat.permissions() & 022) != 0) {
      throw ErrnoException.of(Errno.EPERM);
    }
    return bytes(directory() + "/" + mountId + ".sock");
  }

  /** The paths where the socket of a mount may be, for whoever may look there. */
  static List<byte[]> of(Sys sys, long mountId, @Nullable Integer owner) {
    List<byte[]> paths = new ArrayList<>();
    String file = NAME + "/" + mountId + ".sock";
    paths.add(bytes(directory() + "/" + mountId + ".sock"));
    if (sys.geteuid() == 0 && owner != null) {
      paths.add(bytes(ROOTS + file));
      paths.add(bytes(USERS + owner + file));
    }
    return paths;
  }

  private static byte[] bytes(String path) {
    return path.getBytes(StandardCharsets.UTF_8);
  }
}
