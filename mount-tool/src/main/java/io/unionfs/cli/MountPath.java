package io.unionfs.cli;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/*
 * Not resolved by the kernel as a whole: the mount point itself may be dead, and every look at it then
 * fails or hangs. One char is one byte, as in all arguments.
 */
/** Paths of mount points as mount tables have them: absolute and without links. */
final class MountPath {
  private MountPath() {}

  /**
   * A path made absolute, its parent's links resolved.
   *
   * @param directory what the path is relative to, absolute
   */
  static String of(Sys sys, String directory, String path) {
    String whole = path.startsWith("/") ? path : directory + "/" + path;
    Deque<String> parts = new ArrayDeque<>();
    for (String part : whole.split("/", -1)) {
      if (part.equals("..")) {
        parts.pollLast();
      } else if (!part.isEmpty() && !part.equals(".")) {
        parts.addLast(part);
      }
    }
    if (parts.isEmpty()) {
      return "/";
    }
    String base = parts.removeLast();
    String parent = real(sys, "/" + String.join("/", parts));
    return (parent.equals("/") ? "" : parent) + "/" + base;
  }

  private static String real(Sys sys, String path) {
    try (Fd fd = new Fd(sys, sys.openPath(RawArguments.bytes(path), Linux.O_PATH, 0))) {
      byte[] link = sys.readlinkat(Linux.AT_FDCWD, Name.of("/proc/self/fd/" + fd.raw()));
      return new String(link, StandardCharsets.ISO_8859_1);
    } catch (ErrnoException e) {
      return path; // not there: the mount table has the last word
    }
  }

  /** The current directory. */
  static String current(Sys sys) throws ErrnoException {
    byte[] link = sys.readlinkat(Linux.AT_FDCWD, Name.of("/proc/self/cwd"));
    return new String(link, StandardCharsets.ISO_8859_1);
  }
}
