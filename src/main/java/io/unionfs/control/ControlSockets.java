package io.unionfs.control;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
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

  /**
   * Where a socket may be.
   *
   * @param path the socket's
   * @param own whether nobody but this process's user, and root, can have put something there
   */
  record Place(byte[] path, boolean own) {}

  /**
   * The directory of this process's user: {@code unionfs} in {@code XDG_RUNTIME_DIR} where that is
   * this user's, else in {@code /run}.
   */
  static String directory() {
    return directory(System.getenv("XDG_RUNTIME_DIR"));
  }

  /* Another user's, which su(1) and sudo(8) may leave to root, is that user's business. */
  static String directory(@Nullable String runtime) {
    boolean own = runtime != null && !runtime.isEmpty() && isOwn(runtime);
    return (own ? runtime : ROOTS) + NAME;
  }

  private static boolean isOwn(String directory) {
    Stat stat = new Stat();
    try {
      Sys.linux().statxPath(bytes(directory), true, stat);
    } catch (ErrnoException e) {
      return false;
    }
    return stat.uid == OwnProcess.geteuid();
  }

  /**
   * The path for a new socket; its directory is made if it is missing.
   *
   * @throws ErrnoException if it cannot be made, or {@code EPERM} if somebody else owns it or may
   *     write there
   */
  static byte[] forNew(Sys sys, String place, long mountId) throws ErrnoException {
    byte[] directory = bytes(place);
    try {
      sys.mkdirat(Linux.AT_FDCWD, Name.of(directory), 0700);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EEXIST) {
        throw e;
      }
    }
    Stat stat = new Stat();
    sys.statxPath(directory, false, stat);
    if (!stat.isDirectory()
        || stat.uid != OwnProcess.geteuid()
        || (stat.permissions() & 022) != 0) {
      throw ErrnoException.of(Errno.EPERM);
    }
    return bytes(place + "/" + mountId + ".sock");
  }

  /** The places where the socket of a mount may be, for whoever may look there. */
  static List<Place> of(long mountId, @Nullable Integer owner) {
    List<Place> places = new ArrayList<>();
    String file = "/" + mountId + ".sock";
    places.add(new Place(bytes(directory() + file), true));
    if (OwnProcess.geteuid() == 0 && owner != null) {
      places.add(new Place(bytes(ROOTS + NAME + file), true));
      places.add(new Place(bytes(USERS + owner + NAME + file), owner == 0));
    }
    return places;
  }

  private static byte[] bytes(String path) {
    return path.getBytes(StandardCharsets.UTF_8);
  }
}
