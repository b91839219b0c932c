package io.unionfs.cli;

import io.unionfs.offline.OpenLayers;
import io.unionfs.offline.UpperDiff;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code unionfs diff}: what an upper changes. */
@Command(
    name = "diff",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Tells what the upper directory of a union changes against the lower ones: what was added (A),"
          + " modified (M, and in what way), deleted (D), and renamed (R).",
      "",
      "Files of the same size and modification time are taken to have the same data; with --content they"
          + " are read. Modification times by themselves are no change. A directory that was deleted is one"
          + " line, whatever was in it."
    },
    footer = {
      "",
      "Exit status: 0 done, with or without changes; 1 failure, or something could not be looked at; 2 wrong"
          + " usage.",
      "",
      "Example: unionfs diff --lower a:b --upper c",
      "Example: unionfs diff --content /mnt/x"
    })
final class DiffCommand implements Callable<Integer> {
  /** What is printed of each change, if not a line. */
  static final class Form {
    @Option(names = "--name-only", description = "Only the paths.")
    private boolean nameOnly;

    @Option(names = "--stat", description = "The sizes before and after, and a summary.")
    private boolean stat;
  }

  @ArgGroup private final Form form = new Form();

  @Option(
      names = "--content",
      description =
          "Read files of which size or time differ, and print a unified diff of those that are text.")
  private boolean content;

  @Option(
      names = "--links",
      description =
          "List, of a changed file with several names, those that only lower directories have, also where"
              + " no other is left; without it they are counted. If there are any, everything that the union"
              + " shows is walked over.")
  private boolean links;

  @Mixin private final OutputOptions output = new OutputOptions();
  @Mixin private final LayersOperand operand = new LayersOperand();

  @Override
  public Integer call() throws IOException {
    if (output.json() && (form.nameOnly || form.stat)) {
      throw new IllegalArgumentException(
          "--json has everything; give it without --name-only, --stat");
    }
    Sys sys = Sys.linux();
    try (OpenLayers layers = operand.open(sys);
        Output out = output.open();
        Progress progress = new Progress("comparing", Progress.UNKNOWN)) {
      requireUpper(layers);
      DiffPrinter printer = new DiffPrinter(out, style(), content, progress);
      UpperDiff.run(layers, List.of(), content, links, printer);
      printer.finish();
      return printer.problems() == 0 ? 0 : Main.FAILED;
    }
  }

  private void requireUpper(OpenLayers layers) throws IOException {
    String mounted = operand.mountPoint();
    if (layers.upper() == null && mounted != null) {
      throw new IOException(
          RawArguments.show(mounted) + ": has no upper directory that could change anything");
    }
  }

  private DiffPrinter.Style style() {
    if (output.json()) {
      return DiffPrinter.Style.JSON;
    }
    if (form.nameOnly) {
      return DiffPrinter.Style.NAMES;
    }
    return form.stat ? DiffPrinter.Style.STAT : DiffPrinter.Style.LINES;
  }
}
