package io.unionfs.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Stream;

/** What a test needs and is skipped without. */
final class Needs {
  private Needs() {}

  /** Programs that {@code tests-integration/run --system} installs. */
  static void programs(String... names) {
    for (String name : names) {
      assumeTrue(
          Stream.of("/usr/bin", "/usr/sbin", "/bin", "/sbin")
              .anyMatch(directory -> Files.isExecutable(Path.of(directory, name))),
          () -> name + " is missing; tests-integration/run --system installs it");
    }
  }

  /** A kernel of that version or later. */
  static void kernel(int major, int minor, String what) {
    String[] version = System.getProperty("os.version").split("[^0-9]", 3);
    int[] running = {Integer.parseInt(version[0]), Integer.parseInt(version[1])};
    assumeTrue(
        Arrays.compare(running, new int[] {major, minor}) >= 0,
        () -> what + " is Linux " + major + "." + minor + "'s");
  }

  /** The directory of the newest PostgreSQL's programs, which is in nobody's PATH. */
  static Path postgres() throws IOException {
    Path all = Path.of("/usr/lib/postgresql");
    assumeTrue(
        Files.isDirectory(all),
        "PostgreSQL is missing; tests-integration/run --system installs it");
    try (Stream<Path> versions = Files.list(all)) {
      return versions
          .map(version -> version.resolve("bin"))
          .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
          .max(Comparator.comparingInt(bin -> Integer.parseInt(bin.getName(3).toString())))
          .orElseThrow(() -> new AssertionError("no initdb below " + all));
    }
  }
}
