package io.unionfs.cli;

import io.unionfs.UnionMount;
import io.unionfs.cli.log.Level;
import io.unionfs.cli.log.LogOutput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine;

/*
 * Run once by the build, so that the class-data sharing archive holds the classes of a start. Where the
 * build machine cannot mount, the archive holds those of the way up to there.
 */
/** A start of the program that loads what every start loads. */
final class Training {
  private Training() {}

  public static void main(String[] arguments) throws IOException {
    Path home = Files.createTempDirectory("unionfs-training-");
    Path lower = Files.createDirectory(home.resolve("lower"));
    Path upper = Files.createDirectory(home.resolve("upper"));
    Path merged = Files.createDirectory(home.resolve("merged"));
    try {
      Main.commandLine("unionfs-mount").parseArgs("--lower", "a", "--upper", "b", "c");
      new CommandLine(new UnionfsCommand()).getUsageMessage();
      LogOutput.open(Level.ERROR, null);
      ServerProcess.prepare();
      try (UnionMount union = UnionMount.builder().lower(lower).upper(upper).mount(merged)) {
        Files.writeString(merged.resolve("file"), "text");
        Files.delete(merged.resolve("file"));
        System.out.println("class-data sharing: trained with a mount, " + union.transport());
      } catch (IOException e) {
        System.out.println("class-data sharing: trained without a mount: " + e.getMessage());
      }
    } finally {
      for (Path directory : new Path[] {merged, upper, lower, home}) {
        Files.deleteIfExists(directory);
      }
    }
    System.exit(0);
  }
}
