package io.unionfs.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Help.Ansi;

/** Rows of text with their columns under each other. */
final class TextTable {
  private static final int GAP = 2;

  /**
   * A piece of text in a row.
   *
   * @param color null for none
   */
  record Cell(String text, Ansi.@Nullable IStyle color) {
    static Cell of(String text) {
      return new Cell(text, null);
    }
  }

  private final String indent;
  private final List<List<Cell>> rows = new ArrayList<>();

  /**
   * @param indent what stands before each row
   */
  TextTable(String indent) {
    this.indent = indent;
  }

  void row(Cell... cells) {
    rows.add(List.of(cells));
  }

  void row(String... cells) {
    List<Cell> row = new ArrayList<>();
    for (String cell : cells) {
      row.add(Cell.of(cell));
    }
    rows.add(row);
  }

  void print(Output out) throws IOException {
    List<Integer> widths = widths();
    for (List<Cell> row : rows) {
      out.print(indent);
      for (int i = 0; i < row.size(); i++) {
        Cell cell = row.get(i);
        if (cell.color() == null) {
          out.print(cell.text());
        } else {
          out.print(cell.color(), cell.text());
        }
        if (i < row.size() - 1) {
          out.print(" ".repeat(widths.get(i) - width(cell) + GAP));
        }
      }
      out.println();
    }
  }

  private List<Integer> widths() {
    List<Integer> widths = new ArrayList<>();
    for (List<Cell> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        if (i == widths.size()) {
          widths.add(0);
        }
        widths.set(i, Math.max(widths.get(i), width(row.get(i))));
      }
    }
    return widths;
  }

  private static int width(Cell cell) {
    return cell.text().codePointCount(0, cell.text().length());
  }
}
