package io.unionfs.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The kernel's FUSE connections: a server that hangs can only be got rid of here. */
final class FuseConnections {
  private static final Path ROOT = Path.of("/sys/fs/fuse/connections");

  private FuseConnections() {}

  /** Aborts the connections of all unions that tests have mounted. */
  static void abortAll() throws IOException {
    for (String line :
        Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1)) {
      String[] fields = line.split(" ", -1);
      if (line.contains(" - fuse.unionfs-mount ") && fields[4].contains("/unionfs-it-")) {
        abort(fields[2].substring(fields[2].indexOf(':') + 1));
      }
    }
  }

  private static void abort(String minor) throws IOException {
    Path abort = ROOT.resolve(minor).resolve("abort");
    if (Files.exists(abort)) {
      Files.writeString(abort, "1");
    }
  }
}
