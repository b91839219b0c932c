package io.unionfs.cli;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import picocli.CommandLine;

/*
 * Run by the build, so that the class-data sharing archive holds the classes of a start and of the first
 * requests. Where the build machine cannot mount, it holds those of the way up to there. With the argument "hot"
 * the mount is then used as containers use theirs, often enough for the compiler to find what is worth compiling
 * (HotMethods).
 */
/** A start of the program that does what every start does. */
final class Training {
  private static final long POLL_NANOS = 1_000_000;
  private static final int MNT_DETACH = 2;
  private static final int FEW = 3;

  /* What is called once for each directory is then called often enough to be compiled. */
  private static final int OFTEN = 300;

  private Training() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    boolean often = arguments.length > 0 && arguments[0].equals("hot");
    HeadStart.begin();
    Path home = Files.createTempDirectory("unionfs-training-");
    Path lower = Files.createDirectory(home.resolve("lower"));
    Files.writeString(lower.resolve("file"), "text");
    Path lowest = Files.createDirectory(home.resolve("lowest"));
    TrainingTrees trees = new TrainingTrees(often ? OFTEN : FEW);
    trees.make(lower, lowest);
    Path upper = Files.createDirectory(home.resolve("upper"));
    Path merged = Files.createDirectory(home.resolve("merged"));
    try {
      RawArguments.of(arguments);
      CommandLine command = Main.commandLine("unionfs-mount");
      String[] line = {
        "--lower",
        lower + ":" + lowest,
        "--upper",
        upper.toString(),
        "-o",
        "volatile",
        "--log-level",
        "error",
        merged.toString()
      };
      Thread mount = new Thread(() -> command.execute(line), "mount");
      mount.start();
      System.out.println(
          "class-data sharing: trained "
              + (use(mount, merged, trees, often) ? "" : "not ")
              + "with a mount");
      mount.join();
    } finally {
      remove(home);
    }
    System.exit(0);
  }

  /* Whether there was a mount to use. */
  private static boolean use(Thread mount, Path merged, TrainingTrees trees, boolean often)
      throws IOException {
    Object before = Files.getAttribute(merged, "unix:dev");
    while (mount.isAlive()) {
      if (!Files.getAttribute(merged, "unix:dev").equals(before)) {
        try {
          Files.writeString(
              merged.resolve("file"), Files.readString(merged.resolve("file")) + "more");
          Files.writeString(merged.resolve("other"), "text");
          Files.delete(merged.resolve("other"));
          try (Stream<Path> entries = Files.list(merged)) {
            entries.forEach(entry -> {});
          }
          trees.look(merged);
          if (often) {
            return true;
          }
          trees.change(merged);
          CommandLine tool = Main.commandLine("unionfs");
          tool.execute("list", "--json"); // so that its server loads what it needs
          tool.execute("which", merged.resolve("file").toString());
          tool.execute("diff", "--content", merged.toString());
          Path lower = merged.resolveSibling("lower");
          Path upper = merged.resolveSibling("upper");
          tool.execute("diff", "--lower", lower.toString(), "--upper", upper.toString());
        } finally {
          unmount(merged);
        }
        return true;
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
    return false;
  }

  private static void unmount(Path merged) throws IOException {
    try {
      Sys.linux().umount2(merged.toString().getBytes(StandardCharsets.UTF_8), MNT_DETACH);
    } catch (ErrnoException e) {
      Process process = new ProcessBuilder("fusermount3", "-u", merged.toString()).start();
      try {
        process.waitFor();
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void remove(Path home) throws IOException {
    try (Stream<Path> all = Files.walk(home)) {
      for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
