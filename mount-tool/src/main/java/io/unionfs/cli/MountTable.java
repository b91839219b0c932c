package io.unionfs.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Mounted unions as a table, a line each, and in detail the lines that belong to it. */
final class MountTable {
  private static final List<String> COLUMNS =
      List.of("MOUNTPOINT", "TRANSPORT", "IO", "UPPER", "LOWERS", "AGE", "PID");
  private static final List<String> FIELDS =
      List.of("mountPoint", "transport", "io", "upper", "lowers", "since", "pid");

  private MountTable() {}

  /**
   * Prints the table; nothing if there is no mount.
   *
   * @param now seconds since the epoch
   */
  static void print(PrintWriter out, List<ListedMount> mounts, boolean verbose, long now) {
    if (mounts.isEmpty()) {
      return;
    }
    int[] widths = new int[COLUMNS.size()];
    for (int i = 0; i < widths.length; i++) {
      widths[i] = COLUMNS.get(i).length();
      for (ListedMount mount : mounts) {
        widths[i] = Math.max(widths[i], cell(mount.fields(), i, now).length());
      }
    }
    printRow(out, COLUMNS, widths);
    for (ListedMount mount : mounts) {
      Map<String, String> fields = mount.fields();
      List<String> cells = new ArrayList<>();
      for (int i = 0; i < widths.length; i++) {
        cells.add(cell(fields, i, now));
      }
      printRow(out, cells, widths);
      if (verbose && fields.containsKey("reason")) {
        out.println("    transport: " + fields.get("reason"));
        out.println("    features:  " + fields.getOrDefault("features", "").replace(":", " "));
      }
    }
  }

  private static String cell(Map<String, String> fields, int column, long now) {
    String field = FIELDS.get(column);
    if (field.equals("since") && fields.containsKey(field)) {
      return age(fields.get(field), now);
    }
    if (field.equals("transport") && fields.containsKey("problem")) {
      return "(" + fields.get("problem") + ")";
    }
    return fields.getOrDefault(field, "-");
  }

  /* The two greatest units, as "3d04h"; what is no time as it stands, because the server may answer anything. */
  static String age(String since, long now) {
    long seconds;
    try {
      seconds = Math.max(0, Math.subtractExact(now, Long.parseLong(since)));
    } catch (NumberFormatException | ArithmeticException e) {
      return since;
    }
    long minutes = seconds / 60;
    long hours = minutes / 60;
    long days = hours / 24;
    if (days > 0) {
      return String.format(Locale.ROOT, "%dd%02dh", days, hours % 24);
    }
    if (hours > 0) {
      return String.format(Locale.ROOT, "%dh%02dm", hours, minutes % 60);
    }
    return minutes > 0
        ? String.format(Locale.ROOT, "%dm%02ds", minutes, seconds % 60)
        : seconds + "s";
  }

  private static void printRow(PrintWriter out, List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      line.append(cells.get(i));
      if (i < widths.length - 1) {
        line.append(" ".repeat(widths[i] - cells.get(i).length() + 2));
      }
    }
    out.println(line);
  }
}
