package io.unionfs.cli;

import io.unionfs.UnionMount;
import io.unionfs.cli.log.Level;
import io.unionfs.cli.log.LogOutput;
import io.unionfs.sys.OwnProcess;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unionfs demo}: a small union made on the spot, and what happens in it. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = {
      "Mounts a small union, shows a copy-up and a whiteout and where they land, and then starts a"
          + " shell in it. Without a terminal it ends after showing.",
    })
final class DemoCommand implements Callable<Integer> {
  @Option(names = "--no-shell", description = "End after showing, also on a terminal.")
  private boolean noShell;

  private final PrintStream out = System.out;

  @Override
  public Integer call() throws IOException, InterruptedException {
    LogOutput.openStderr(Level.WARN);
    Path home = Files.createTempDirectory("unionfs-demo-");
    try {
      show(home);
    } finally {
      remove(home);
    }
    return 0;
  }

  private void show(Path home) throws IOException, InterruptedException {
    Path base = home.resolve("base");
    Path patches = home.resolve("patches");
    Path changes = Files.createDirectory(home.resolve("changes"));
    Path merged = Files.createDirectory(home.resolve("merged"));
    put(base.resolve("etc/motd"), "Welcome to the base.\n");
    put(base.resolve("etc/hosts"), "127.0.0.1 localhost\n");
    put(base.resolve("bin/tool"), "#!/bin/sh\necho tool of the base\n");
    put(patches.resolve("etc/motd"), "Welcome to the patched base.\n");

    say("Two lower directories, which stay as they are, and an empty upper one for the changes:");
    tree(home, "base", "patches", "changes");
    String command =
        "unionfs-mount --lower " + patches + ":" + base + " --upper " + changes + " " + merged;
    say("Mounting them as one tree:");
    run(command);
    try (UnionMount union =
        UnionMount.builder().lower(patches, base).upper(changes).mount(merged)) {
      tree(home, "merged");
      run("cat merged/etc/motd");
      out.print(Files.readString(merged.resolve("etc/motd")));

      say("Copy-up: the first write to a lower file puts a complete copy into the upper.");
      run("echo '10.0.0.1 example' >> merged/etc/hosts");
      Files.writeString(
          merged.resolve("etc/hosts"),
          Files.readString(merged.resolve("etc/hosts")) + "10.0.0.1 example\n");
      tree(home, "changes");
      run("cat base/etc/hosts          # unchanged");
      out.print(Files.readString(base.resolve("etc/hosts")));

      say("Whiteout: what is removed stays in the lower, and a character device 0:0 hides it.");
      run("rm merged/bin/tool");
      Files.delete(merged.resolve("bin/tool"));
      tree(home, "merged", "changes", "base");

      handOver(union, home, merged);
    }
    say("Unmounted; the demo's directories are gone.");
  }

  private void handOver(UnionMount union, Path home, Path merged)
      throws IOException, InterruptedException {
    if (noShell || !OwnProcess.isTerminal(0) || !OwnProcess.isTerminal(1)) {
      say("Run it on a terminal to get a shell in the union. To mount your own directories:");
      out.println("  unionfs-mount --lower DIR[:DIR...] --upper DIR MOUNTPOINT");
      return;
    }
    say("Yours now: a shell in the union (transport " + union.transport() + ").");
    out.println("  The layers are in " + home + "; leave with 'exit' or Ctrl-D.");
    String shell = System.getenv().getOrDefault("SHELL", "/bin/sh");
    Process process = new ProcessBuilder(shell).directory(merged.toFile()).inheritIO().start();
    process.waitFor();
  }

  private void say(String text) {
    out.println();
    out.println(text);
  }

  private void run(String command) {
    out.println("  $ " + command);
  }

  private static void put(Path file, String text) throws IOException {
    Path parent = file.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Files.writeString(file, text);
  }

  private void tree(Path home, String... names) throws IOException {
    for (String name : names) {
      try (Stream<Path> walk = Files.walk(home.resolve(name))) {
        for (Path path : walk.sorted().toList()) {
          out.println("    " + home.relativize(path) + kind(path));
        }
      }
    }
  }

  private static String kind(Path path) throws IOException {
    Map<String, Object> attributes =
        Files.readAttributes(path, "unix:mode,rdev", LinkOption.NOFOLLOW_LINKS);
    @Nullable Object mode = attributes.get("mode");
    if (mode instanceof Integer bits) {
      int type = bits & 0170000;
      if (type == 0040000) {
        return "/";
      }
      if (type == 0020000) {
        return "     (whiteout: character device 0:0)";
      }
    }
    return "";
  }

  private static void remove(Path home) throws IOException {
    Files.walkFileTree(
        home,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.delete(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
