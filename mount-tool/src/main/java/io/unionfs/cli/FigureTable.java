package io.unionfs.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * Rows of figures under each other: the first column and text to the left, numbers to the right.
 */
final class FigureTable {
  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();
  private final List<String> heads;
  private final int lastRight;

  FigureTable(String... heads) {
    this.heads = new ArrayList<>(List.of(heads));
    this.lastRight = heads.length - 1;
    rows.add(this.heads);
  }

  /** Adds columns of text behind those of numbers. */
  FigureTable leftAfter(String... more) {
    heads.addAll(List.of(more));
    return this;
  }

  void row(String... cells) {
    rows.add(List.of(cells));
  }

  void print(PrintWriter out) {
    int[] widths = new int[heads.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String pad = " ".repeat(widths[i] - row.get(i).length());
        boolean right = i > 0 && i <= lastRight;
        line.append(i == 0 ? "" : GAP).append(right ? pad : "").append(row.get(i));
        line.append(right ? "" : pad);
      }
      out.println(line.toString().stripTrailing());
    }
  }
}
