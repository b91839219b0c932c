package io.unionfs.cli;

import io.unionfs.offline.Discard;
import io.unionfs.offline.Paths;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unionfs discard}: throws away what an upper changes. */
@Command(
    name = "discard",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Throws away what the upper directory of a union changes at some paths and below, so that they are as in"
          + " the lower directories again. What will be lost is listed first, as unionfs diff lists it, and on a"
          + " terminal you are asked.",
      "",
      "The union must not be mounted. Each path is given back in one step, whole or not at all."
    },
    footer = {
      "",
      "Exit status: 0 done, or nothing to throw away; 1 failure, or not confirmed; 2 wrong usage.",
      "",
      "Example: unionfs discard --dry-run --lower a:b --upper c etc",
      "Example: unionfs discard --yes --lower a:b --upper c etc/hosts"
    })
final class DiscardCommand implements Callable<Integer> {
  private static final int STDIN = 0;

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only list what would be lost.")
  private boolean dryRun;

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask. Needed where there is no terminal to ask on.")
  private boolean yes;

  @Mixin private final OutputOptions output = new OutputOptions();
  @Mixin private final LayerOptions options = new LayerOptions();

  @Parameters(
      arity = "1..*",
      paramLabel = "PATH",
      description = "Relative to the union that the layers make; '.' for everything.")
  private List<String> paths = List.of();

  @Override
  public Integer call() throws IOException {
    Sys sys = Sys.linux();
    if (!options.given()) {
      refuseMounted(sys);
    }
    List<List<Name>> inside = new ArrayList<>();
    for (String path : paths) {
      inside.add(Paths.split(RawArguments.bytes(path)));
    }
    try (Discard discard = Discard.open(sys, options.sources(), inside)) {
      DiffPrinter printer = list(sys, discard);
      if (printer.problems() > 0) {
        return Main.FAILED;
      }
      if (dryRun || printer.changes() == 0) {
        return 0;
      }
      if (!yes && !confirmed(sys)) {
        return Main.FAILED;
      }
      discard.run();
      return 0;
    }
  }

  private void refuseMounted(Sys sys) throws IOException {
    for (String path : paths) {
      UnionPath found = UnionPath.of(sys, path);
      throw new IOException(
          RawArguments.show(path)
              + ": changes cannot be thrown away while the union is mounted; unmount "
              + found.union().mount().mountPoint()
              + " and name its layers with --lower and --upper");
    }
  }

  /* Tells what will be lost, if all of it can be thrown away. */
  private DiffPrinter list(Sys sys, Discard discard) throws IOException {
    try (Output out = output.open(sys);
        Progress progress = new Progress(sys, "comparing", Progress.UNKNOWN)) {
      DiffPrinter.Style style = output.json() ? DiffPrinter.Style.JSON : DiffPrinter.Style.LINES;
      DiffPrinter printer = new DiffPrinter(out, style, false, progress);
      discard.list(printer);
      discard.check();
      if (printer.changes() == 0 && printer.problems() == 0 && !output.json()) {
        out.print("nothing is changed there").println();
      }
      return printer;
    }
  }

  private boolean confirmed(Sys sys) throws IOException {
    if (!sys.isTerminal(STDIN)) {
      throw new IOException("nothing was thrown away; say --yes where nobody can be asked");
    }
    System.err.print("Throw this away? [y/N] ");
    System.err.flush();
    byte[] answer = new byte[16];
    int length = System.in.read(answer);
    String said = length <= 0 ? "" : new String(answer, 0, length, StandardCharsets.UTF_8).strip();
    return said.equalsIgnoreCase("y") || said.equalsIgnoreCase("yes");
  }
}
