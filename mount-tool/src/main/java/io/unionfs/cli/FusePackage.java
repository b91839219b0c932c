package io.unionfs.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Debian's package of libfuse 2, which the jnr-fuse transport needs. */
final class FusePackage {
  private static final List<String> DIRECTORIES =
      List.of(
          "/lib/x86_64-linux-gnu",
          "/usr/lib/x86_64-linux-gnu",
          "/lib/aarch64-linux-gnu",
          "/usr/lib/aarch64-linux-gnu",
          "/lib64",
          "/usr/lib64",
          "/usr/lib",
          "/usr/local/lib");
  private static final String LIBRARY = "libfuse.so.2";

  private FusePackage() {}

  /**
   * Makes sure that libfuse 2 is there: installs it where this is root on a Debian system, and says
   * so.
   *
   * @throws IOException with the command to run where it cannot be installed
   */
  static void requireLibfuse(PrintStream out) throws IOException, InterruptedException {
    if (isPresent()) {
      return;
    }
    boolean root = io.unionfs.sys.Sys.linux().geteuid() == 0;
    if (!root || !Files.isExecutable(Path.of("/usr/bin/apt-get"))) {
      throw new IOException(
          "libfuse 2 is missing; install it, on Debian: apt-get install libfuse2");
    }
    out.println("libfuse 2 is missing; installing Debian's package libfuse2 (apt-get):");
    if (apt("install", "-y", "-q", "--no-install-recommends", "libfuse2") != 0) {
      apt("update", "-q");
      if (apt("install", "-y", "-q", "--no-install-recommends", "libfuse2") != 0) {
        throw new IOException("apt-get could not install libfuse2");
      }
    }
  }

  private static boolean isPresent() {
    return DIRECTORIES.stream().anyMatch(dir -> Files.exists(Path.of(dir, LIBRARY)));
  }

  private static int apt(String... arguments) throws IOException, InterruptedException {
    String[] command = new String[arguments.length + 1];
    command[0] = "/usr/bin/apt-get";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    ProcessBuilder apt = new ProcessBuilder(command).inheritIO();
    apt.environment().put("DEBIAN_FRONTEND", "noninteractive");
    return apt.start().waitFor();
  }
}
