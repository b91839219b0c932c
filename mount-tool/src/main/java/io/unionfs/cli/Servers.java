package io.unionfs.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The processes that serve unions, found by their arguments, which name the mount point. */
final class Servers {
  private Servers() {}

  /** The one process that this user can see serving a mount point, or null. */
  static @Nullable ProcessHandle of(byte[] mountPoint) throws IOException {
    String wanted = new String(mountPoint, StandardCharsets.ISO_8859_1);
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      List<ProcessHandle> serving = all.filter(process -> serves(process.pid(), wanted)).toList();
      return serving.size() == 1 ? serving.get(0) : null;
    }
  }

  private static boolean serves(long pid, String mountPoint) {
    List<String> arguments;
    try {
      byte[] raw = Files.readAllBytes(Path.of("/proc/" + pid + "/cmdline"));
      arguments = RawArguments.split(new String(raw, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return false; // ended meanwhile, or not ours to see
    }
    int program = arguments.indexOf("unionfs-mount");
    return program > 0
        && arguments.get(0).endsWith("java")
        && arguments.get(arguments.size() - 1).equals(mountPoint);
  }
}
