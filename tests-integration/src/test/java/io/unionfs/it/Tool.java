package io.unionfs.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The commands under test, in a copy that every account can reach: a checkout may lie in a home
 * directory that others cannot enter.
 */
final class Tool {
  private static final Path HOME = copy();

  private Tool() {}

  private static Path copy() {
    try {
      Path source = Path.of("..").toRealPath();
      Path home = Files.createTempDirectory("unionfs-it-tool-");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(home)));
      Command.script(
              Account.ROOT,
              "chmod 755 '"
                  + home
                  + "' && mkdir -p '"
                  + home
                  + "/mount-tool/target' && cd '"
                  + source
                  + "' && cp -p pom.xml '"
                  + home
                  + "' && cp -rp mount-tool/bin '"
                  + home
                  + "/mount-tool' && cd mount-tool/target"
                  + " && cp -rp unionfs-mount-tool.jar unionfs-boot.jar lib native built $(ls unionfs.jsa unionfs.hot 2>/dev/null)"
                  + " '"
                  + home
                  + "/mount-tool/target' && chmod -R a+rX '"
                  + home
                  + "'")
          .output();
      return home;
    } catch (IOException e) {
      throw new IllegalStateException("cannot copy the tool", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static void remove(Path home) {
    try (Stream<Path> all = Files.walk(home)) {
      for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      System.err.println("left behind: " + home + ": " + e);
    }
  }

  static String mount() {
    return HOME + "/mount-tool/bin/unionfs-mount";
  }

  static String unionfs() {
    return HOME + "/mount-tool/bin/unionfs";
  }
}
