package io.unionfs.cli;

import io.unionfs.offline.fsck.Announced;
import io.unionfs.offline.fsck.Finding;
import io.unionfs.offline.fsck.FindingSink;
import io.unionfs.offline.fsck.Provenance;
import io.unionfs.offline.fsck.Repair;
import io.unionfs.offline.fsck.Repairs;
import io.unionfs.offline.fsck.Severity;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Help.Ansi;

/** What a check finds, printed and counted. */
final class FsckReport implements FindingSink {
  private final Output out;
  private final boolean json;
  private final Progress progress;
  private final Map<Severity, Long> counts = new EnumMap<>(Severity.class);
  private long entries;
  private long repairs;
  private long repaired;
  private long problemsRepaired;
  private final Announced announced = new Announced();
  private long unannounced;

  FsckReport(Output out, boolean json, Progress progress) {
    this.out = out;
    this.json = json;
    this.progress = progress;
  }

  /** How many warnings and errors there are left. */
  long problems() {
    return count(Severity.ERROR) + count(Severity.WARNING) - problemsRepaired;
  }

  /** How many findings have a repair that this program does. */
  long repairs() {
    return repairs;
  }

  /** How many findings came up after the list of them was told, and were left. */
  long unannounced() {
    return unannounced;
  }

  /** How many were carried out. */
  long repaired() {
    return repaired;
  }

  private long count(Severity severity) {
    return counts.getOrDefault(severity, 0L);
  }

  @Override
  public void looked(int more) {
    entries += more;
    progress.add(more, 0);
  }

  @Override
  public void found(Finding finding) throws IOException {
    progress.close();
    counts.merge(finding.problem().severity(), 1L, Long::sum);
    announced.add(finding);
    Repair repair = finding.repair();
    if (repair != null && repair.isOurs()) {
      repairs++;
    }
    if (json) {
      writeJson(finding, null);
    } else {
      print(finding);
    }
  }

  private void print(Finding finding) throws IOException {
    Severity severity = finding.problem().severity();
    out.print(style(severity), severity.name().toLowerCase(Locale.ROOT))
        .print(": " + place(finding) + ": " + finding.problem().meaning())
        .println();
    Name mark = finding.mark();
    Name detail = finding.detail();
    if (mark != null || detail != null) {
      String what = mark == null ? "" : mark + (detail == null ? "" : ": ");
      out.print("    " + what + (detail == null ? "" : detail)).println();
    }
    Repair repair = finding.repair();
    if (repair != null) {
      out.print("    repair: " + repair.kind()).println();
    }
  }

  private static String place(Finding finding) {
    boolean root = finding.path().equals(Name.DOT);
    return finding.layer() + (root ? "" : "/" + finding.path());
  }

  private static Ansi.IStyle style(Severity severity) {
    return switch (severity) {
      case ERROR -> Ansi.Style.fg_red;
      case WARNING -> Ansi.Style.fg_yellow;
      case NOTE -> Ansi.Style.fg_cyan;
    };
  }

  /* Without an outcome, what was found; with one, what became of it. */
  private void writeJson(Finding finding, @Nullable String outcome) throws IOException {
    out.object(
        object -> {
          object.writeStringField("problem", finding.problem().key());
          String severity = finding.problem().severity().name().toLowerCase(Locale.ROOT);
          object.writeStringField("severity", severity);
          object.writeStringField("layer", finding.layer());
          Output.name(object, "path", finding.path());
          if (outcome != null) {
            object.writeStringField("outcome", outcome);
            return;
          }
          Output.name(object, "mark", finding.mark());
          Output.name(object, "detail", finding.detail());
          object.writeStringField("meaning", finding.problem().meaning());
          Repair repair = finding.repair();
          object.writeStringField("repair", repair == null ? null : repair.kind().toString());
        });
  }

  /** Says how much was found, of layers of which origins tell this. */
  void finish(Provenance provenance) throws IOException {
    announced.end(provenance);
    progress.close();
    if (!json) {
      out.print(
              String.format(
                  Locale.ROOT,
                  "%d entries looked at: %d errors, %d warnings, %d notes",
                  entries,
                  count(Severity.ERROR),
                  count(Severity.WARNING),
                  count(Severity.NOTE)))
          .println();
    }
  }

  /**
   * Carries repairs out as a second check finds again what to repair, so that no list of them is
   * kept; what only that one finds is told and left.
   */
  FindingSink repairing(Repairs all) {
    return new FindingSink() {
      @Override
      public void found(Finding finding) throws IOException {
        Repair repair = finding.repair();
        if (!announced.has(finding)) {
          unannounced++;
          outcome(finding, "not repaired: found only after the list above, run it again");
        } else if (repair != null && repair.isOurs()) {
          outcome(finding, attempt(all, repair));
        }
      }

      @Override
      public void looked(int more) {
        progress.add(more, 0);
      }
    };
  }

  /* Null if it is done, else why not. */
  private @Nullable String attempt(Repairs all, Repair repair) {
    String objection = announced.objection(repair);
    if (objection != null) {
      return "not repaired: " + objection;
    }
    try {
      all.carryOut(repair);
      return null;
    } catch (ErrnoException e) {
      return "not repaired: " + e.getMessage();
    }
  }

  private void outcome(Finding finding, @Nullable String failure) throws IOException {
    progress.close();
    if (failure == null) {
      repaired++;
      if (finding.problem().severity() != Severity.NOTE) {
        problemsRepaired++;
      }
    }
    String outcome = failure == null ? "repaired" : failure;
    if (json) {
      writeJson(finding, outcome);
    } else {
      out.print(place(finding) + ": " + outcome).println();
    }
  }

  /** Says how much was repaired. */
  void finishRepairs() throws IOException {
    progress.close();
    if (!json) {
      out.print(repaired + " repaired, " + problems() + " problems left").println();
    }
  }
}
