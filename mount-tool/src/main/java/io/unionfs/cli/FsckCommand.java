package io.unionfs.cli;

import io.unionfs.cli.log.Level;
import io.unionfs.cli.log.LogOutput;
import io.unionfs.offline.LayerSources;
import io.unionfs.offline.fsck.Fsck;
import io.unionfs.offline.fsck.Repairs;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code unionfs fsck}: what is wrong with layers. */
@Command(
    name = "fsck",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = {
      "Checks the layers of a union and its work directory: marks that contradict each other or lead"
          + " nowhere, whiteouts that hide nothing, what a crash left, the index of hard links."
          + " Nothing is written without --repair, and lower directories never are.",
      "",
      "Notes are about what is harmless, and usual after a crash. Give the lower directories that the"
          + " upper was made on: with others below it, good marks look wrong."
    },
    footer = {
      "",
      "Exit status, as of fsck(8): 0 nothing but notes was found; 1 all that was found is repaired; 2 wrong"
          + " usage; 4 problems are left; 8 the check could not be made (no such directory, --repair of an"
          + " upper in use).",
      "",
      "Example: unionfs fsck --repair --lower a:b --upper c"
    })
final class FsckCommand implements Callable<Integer> {
  private static final int CLEAN = 0;
  private static final int REPAIRED = 1;
  private static final int LEFT = 4;
  private static final int FAILED = 8;

  @Option(
      names = "--repair",
      description =
          "Set right in the upper and the work directory what can be without guessing, after saying"
              + " what; refused while a mount uses them.")
  private boolean repair;

  @Mixin private final OutputOptions output = new OutputOptions();
  @Mixin private final LayersOperand operand = new LayersOperand();

  @Override
  public Integer call() {
    Sys sys = Sys.linux();
    try {
      LogOutput.openStderr(Level.ERROR); // what reading the layers would warn of, the check finds
      return checked(sys);
    } catch (IOException e) {
      System.err.println("unionfs fsck: " + e.getMessage());
      return FAILED;
    }
  }

  private int checked(Sys sys) throws IOException {
    try (Output out = output.open();
        Progress progress = new Progress("checking", Progress.UNKNOWN)) {
      return run(sys, out, progress);
    }
  }

  private int run(Sys sys, Output out, Progress progress) throws IOException {
    if (repair && operand.mountPoint() != null) {
      throw new IOException("a union that is mounted cannot be repaired; unmount it first");
    }
    LayerSources sources = operand.sources(sys);
    FsckReport report = new FsckReport(out, output.json(), progress);
    if (!repair) {
      report.finish(Fsck.check(sys, sources, false, report));
    } else {
      try (Repairs repairs = Repairs.open(sys, sources)) {
        report.finish(Fsck.check(sys, sources, true, report));
        if (report.repairs() > 0) {
          Fsck.check(sys, sources, true, report.repairing(repairs));
          report.finishRepairs();
        }
      }
    }
    if (report.problems() > 0 || report.unannounced() > 0) {
      return LEFT;
    }
    return report.repaired() > 0 ? REPAIRED : CLEAN;
  }
}
