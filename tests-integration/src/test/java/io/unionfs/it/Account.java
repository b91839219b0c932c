package io.unionfs.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Who mounts and uses a union in a test. */
enum Account {
  ROOT,
  USER;

  /** The unprivileged user, made by {@code tests-integration/run}. */
  static final String USER_NAME = "unionfs-test";

  private static final Optional<String[]> ENTRY = entry();

  private static Optional<String[]> entry() {
    try {
      return Files.readAllLines(Path.of("/etc/passwd"), StandardCharsets.ISO_8859_1).stream()
          .map(line -> line.split(":", -1))
          .filter(fields -> fields[0].equals(USER_NAME))
          .findFirst();
    } catch (IOException e) {
      throw new IllegalStateException("no /etc/passwd", e);
    }
  }

  static boolean isRoot() throws IOException {
    return Files.getOwner(Path.of("/proc/self")).getName().equals("root");
  }

  /** Why tests of this account cannot run here, empty where they can. */
  Optional<String> obstacle() throws IOException {
    if (!isRoot()) {
      return this == ROOT ? Optional.of("not root") : Optional.empty();
    }
    if (this == USER && ENTRY.isEmpty()) {
      return Optional.of("no user " + USER_NAME + "; tests-integration/run makes it");
    }
    return Optional.empty();
  }

  /** The command in front of another that runs it as this account. */
  List<String> prefix() {
    if (this == ROOT || ENTRY.isEmpty()) {
      return List.of();
    }
    return List.of(
        "setpriv", "--reuid=" + uid(), "--regid=" + gid(), "--clear-groups", "--inh-caps=-all");
  }

  int uid() {
    return this == ROOT ? 0 : Integer.parseInt(ENTRY.orElseThrow()[2]);
  }

  int gid() {
    return this == ROOT ? 0 : Integer.parseInt(ENTRY.orElseThrow()[3]);
  }
}
