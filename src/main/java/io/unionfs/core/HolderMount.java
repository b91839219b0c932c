package io.unionfs.core;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * A server's descriptor of /dev/fuse names its connection in /proc/PID/fdinfo since Linux 6.11, and the
 * connection is the device of the mount. Where that is not told, any union that the process sees may be
 * its own. A server that has closed the descriptor is about to let go of its layers.
 */
/** Whether the process that holds an upper still has its mount, by proc(5). */
final class HolderMount {
  private static final Logger log = LoggerFactory.getLogger(HolderMount.class);
  private static final String CONNECTION = "fuse_connection:";
  private static final String TYPE = " - fuse.unionfs-mount ";
  private static final int DEVICE_FIELD = 2;

  private HolderMount() {}

  /**
   * Whether a process has a mount of its own.
   *
   * @param pid 0 for a process that cannot be seen, for which the answer is yes
   */
  static boolean exists(long pid) {
    if (pid <= 0) {
      return true;
    }
    Path process = Path.of("/proc", Long.toString(pid));
    Set<String> devices = new HashSet<>();
    boolean any = false;
    try {
      for (Path descriptor : fuseDescriptors(process)) {
        List<String> info = lines(process.resolve("fdinfo").resolve(descriptor));
        String device = device(info);
        if (device != null) {
          devices.add(device);
        } else {
          any |= !info.isEmpty(); // or it was closed meanwhile
        }
      }
    } catch (IOException e) {
      log.debug("{}: {}", process, e.getMessage());
      any = true; // another user's process
    }
    for (String line : lines(process.resolve("mountinfo"))) {
      String[] fields = line.split(" ", -1);
      boolean own =
          (any && line.contains(TYPE))
              || (fields.length > DEVICE_FIELD && devices.contains(fields[DEVICE_FIELD]));
      if (own) {
        return true;
      }
    }
    return false;
  }

  private static List<Path> fuseDescriptors(Path process) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path descriptor : descriptors) {
        if (isFuse(descriptor)) {
          found.add(descriptor.getFileName());
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return found;
  }

  /* It is /dev/fuse where the server was started, which may have another /dev than this process. */
  private static boolean isFuse(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).endsWith("fuse");
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }

  private static @Nullable String device(List<String> fdinfo) {
    for (String line : fdinfo) {
      if (line.startsWith(CONNECTION)) {
        return "0:" + line.substring(CONNECTION.length()).trim();
      }
    }
    return null;
  }

  static List<String> lines(String file) {
    return lines(Path.of(file));
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      log.debug("{}: {}", file, e.getMessage());
      return List.of();
    }
  }
}
