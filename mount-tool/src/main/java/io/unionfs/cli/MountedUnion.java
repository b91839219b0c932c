package io.unionfs.cli;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A union in the mount table.
 *
 * @param path where it is mounted, as the command line and the mount table have it
 * @param mount its line there
 */
record MountedUnion(String path, MountInfo mount) {
  static final String TYPE = "fuse.unionfs-mount";

  private static final Pattern OWNER = Pattern.compile("(?:^|,)user_id=(\\d+)");

  /**
   * The union that is mounted at a path of the command line, on top of all else there.
   *
   * @throws IOException if there is none; the message is for the user
   */
  static MountedUnion at(Sys sys, String mountPoint) throws IOException {
    try {
      String real = MountPath.of(sys, MountPath.current(sys), mountPoint);
      Name path = Name.of(RawArguments.bytes(real));
      List<MountInfo> mounts = MountInfo.read(sys);
      for (int i = mounts.size() - 1; i >= 0; i--) {
        MountInfo mount = mounts.get(i);
        if (mount.mountPoint().equals(path)) {
          if (mount.type().equals(TYPE)) {
            return new MountedUnion(real, mount);
          }
          break;
        }
      }
      throw new IOException(path + ": no union is mounted there");
    } catch (ErrnoException e) {
      throw new IOException(RawArguments.show(mountPoint) + ": " + Errno.message(e.errno()), e);
    }
  }

  byte[] bytes() {
    return RawArguments.bytes(path);
  }

  /** The user whom a mount belongs to; null if its line does not say. */
  static @Nullable Integer owner(MountInfo mount) {
    Matcher matcher = OWNER.matcher(mount.superOptions());
    return matcher.find() ? Integer.valueOf(matcher.group(1)) : null;
  }
}
