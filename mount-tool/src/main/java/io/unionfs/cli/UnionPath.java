package io.unionfs.cli;

import io.unionfs.offline.Paths;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A path of the command line that lies in a mounted union.
 *
 * @param union the union
 * @param names where it is there; empty for the root
 */
record UnionPath(MountedUnion union, List<Name> names) {
  /**
   * Finds the union that a path is in, which need not exist. Links on the way to it are followed,
   * the path itself may be one.
   *
   * @throws IOException if it is in none; the message is for the user
   */
  static UnionPath of(Sys sys, String path) throws IOException {
    try {
      String real = MountPath.of(sys, MountPath.current(sys), path);
      List<MountInfo> mounts = MountInfo.read(sys);
      MountInfo mount = null;
      for (MountInfo each : mounts) {
        boolean longer = mount == null || each.mountPoint().length() >= mount.mountPoint().length();
        if (longer && isBelow(real, text(each.mountPoint()))) {
          mount = each;
        }
      }
      if (mount == null || !mount.type().equals(MountedUnion.TYPE)) {
        throw new IOException(RawArguments.show(path) + ": not in a mounted union");
      }
      String rest = real.substring(Math.min(real.length(), text(mount.mountPoint()).length()));
      byte[] inside = RawArguments.bytes(text(mount.root()) + "/" + rest);
      return new UnionPath(whole(mounts, mount), Paths.normalized(inside));
    } catch (ErrnoException e) {
      throw new IOException(RawArguments.show(path) + ": " + Errno.message(e.errno()), e);
    }
  }

  /**
   * Where in a union something else is mounted, as this process's mount table tells.
   *
   * @return by mount points, where they are in the union
   */
  static Map<Name, List<Name>> mountsIn(Sys sys, MountInfo union) throws IOException {
    try {
      List<MountInfo> mounts = MountInfo.read(sys);
      Map<Long, MountInfo> parents = new HashMap<>();
      for (MountInfo each : mounts) {
        if (each.major() == union.major() && each.minor() == union.minor()) {
          parents.put(each.id(), each);
        }
      }
      Map<Name, List<Name>> found = new LinkedHashMap<>();
      for (MountInfo each : mounts) {
        MountInfo parent = parents.get(each.parent());
        if (parent != null) {
          Name below = each.mountPoint().substring(parent.mountPoint().length());
          byte[] inside = parent.root().concat(Name.of("/")).concat(below).bytes();
          found.put(each.mountPoint(), Paths.normalized(inside));
        }
      }
      return found;
    } catch (ErrnoException e) {
      throw new IOException("/proc/self/mountinfo: " + Errno.message(e.errno()), e);
    }
  }

  /* A bind mount of a part is another mount: the server knows the one it made, which comes first. */
  private static MountedUnion whole(List<MountInfo> mounts, MountInfo found) {
    for (MountInfo each : mounts) {
      boolean same =
          each.major() == found.major()
              && each.minor() == found.minor()
              && each.type().equals(MountedUnion.TYPE)
              && text(each.root()).equals("/");
      if (same) {
        return new MountedUnion(text(each.mountPoint()), each);
      }
    }
    return new MountedUnion(text(found.mountPoint()), found);
  }

  private static boolean isBelow(String path, String directory) {
    return directory.equals("/")
        || path.equals(directory)
        || (path.startsWith(directory) && path.charAt(directory.length()) == '/');
  }

  private static String text(Name name) {
    return new String(name.bytes(), java.nio.charset.StandardCharsets.ISO_8859_1);
  }
}
