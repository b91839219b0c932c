package io.unionfs.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Mounted unions as a table, a line each, and in detail the lines that belong to it. */
final class MountTable {
  private static final List<String> COLUMNS =
      List.of("MOUNTPOINT", "TRANSPORT", "IO", "UPPER", "LOWERS", "PID");
  private static final List<String> FIELDS =
      List.of("mountPoint", "transport", "io", "upper", "lowers", "pid");

  private MountTable() {}

  /** Prints the table; nothing if there is no mount. */
  static void print(PrintWriter out, List<ListedMount> mounts, boolean verbose) {
    if (mounts.isEmpty()) {
      return;
    }
    int[] widths = new int[COLUMNS.size()];
    for (int i = 0; i < widths.length; i++) {
      widths[i] = COLUMNS.get(i).length();
      for (ListedMount mount : mounts) {
        widths[i] = Math.max(widths[i], cell(mount.fields(), i).length());
      }
    }
    printRow(out, COLUMNS, widths);
    for (ListedMount mount : mounts) {
      Map<String, String> fields = mount.fields();
      List<String> cells = new ArrayList<>();
      for (int i = 0; i < widths.length; i++) {
        cells.add(cell(fields, i));
      }
      printRow(out, cells, widths);
      if (verbose && fields.containsKey("reason")) {
        out.println("    transport: " + fields.get("reason"));
        out.println("    features:  " + fields.getOrDefault("features", "").replace(":", " "));
      }
    }
  }

  private static String cell(Map<String, String> fields, int column) {
    String field = FIELDS.get(column);
    if (field.equals("transport") && fields.containsKey("problem")) {
      return "(" + fields.get("problem") + ")";
    }
    return fields.getOrDefault(field, "-");
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
