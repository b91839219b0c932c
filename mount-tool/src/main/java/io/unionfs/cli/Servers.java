package io.unionfs.cli;

import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ParameterException;

/** The processes that serve unions, found by their arguments, which name the mount point. */
final class Servers {
  /* Set by the launcher: the server itself moves to the root directory. */
  private static final String STARTED_IN = "-Dunionfs.startedIn=";

  private Servers() {}

  /** The one process that this user can see serving a mount point, or null. */
  static @Nullable ProcessHandle of(Sys sys, String mountPoint) {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      List<ProcessHandle> serving =
          all.filter(process -> serves(sys, process.pid(), mountPoint)).toList();
      return serving.size() == 1 ? serving.get(0) : null;
    }
  }

  private static boolean serves(Sys sys, long pid, String mountPoint) {
    List<String> arguments;
    try {
      byte[] raw = Files.readAllBytes(Path.of("/proc/" + pid + "/cmdline"));
      arguments = RawArguments.split(new String(raw, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return false; // ended meanwhile, or not ours to see
    }
    int program = arguments.indexOf("unionfs-mount");
    if (program <= 0) {
      return false;
    }
    String directory =
        arguments.stream()
            .filter(argument -> argument.startsWith(STARTED_IN))
            .map(argument -> argument.substring(STARTED_IN.length()))
            .findFirst()
            .orElse("/");
    List<String> given = arguments.subList(program + 1, arguments.size());
    String point = mountPoint(given);
    return point != null && MountPath.of(sys, directory, point).equals(mountPoint);
  }

  /** The mount point among the arguments of {@code unionfs-mount}, or null. */
  static @Nullable String mountPoint(List<String> arguments) {
    try {
      List<String> positionals =
          Main.commandLine("unionfs-mount")
              .parseArgs(arguments.toArray(String[]::new))
              .matchedPositionalValue(0, List.of());
      return positionals.isEmpty() ? null : positionals.get(positionals.size() - 1);
    } catch (ParameterException e) {
      return null; // of another version
    }
  }
}
