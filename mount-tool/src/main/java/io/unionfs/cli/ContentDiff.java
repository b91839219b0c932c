package io.unionfs.cli;

import io.unionfs.offline.Change;
import io.unionfs.offline.FileContent;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Help.Ansi.Style;

/*
 * A line is a string whose chars are its bytes. It is printed byte for byte, so that patch(1) can be fed
 * with it; only on a terminal control bytes are shown and not sent.
 */
/** The unified diff of one file's text. */
final class ContentDiff {
  /** The size in bytes above which no text is compared. */
  static final int MOST_BYTES = 4 << 20;

  private static final int CONTEXT = 3;
  private static final String NO_FILE = "/dev/null";
  private static final String NO_NEWLINE = "\\ No newline at end of file";

  private final Output out;

  ContentDiff(Output out) {
    this.out = out;
  }

  /**
   * Prints it; nothing for what is no regular file, before or after.
   *
   * @throws ErrnoException if a file cannot be read
   */
  void print(Change change) throws IOException, ErrnoException {
    FileContent before = content(change.before());
    FileContent after = content(change.after());
    if (before == null && after == null) {
      return;
    }
    Name from = change.from();
    String oldName = before == null ? NO_FILE : "a/" + (from == null ? change.path() : from);
    String newName = after == null ? NO_FILE : "b/" + change.path();
    if (isTooLarge(change.before()) || isTooLarge(change.after())) {
      out.print("Files " + oldName + " and " + newName + " differ and are too large to compare");
      out.println();
      return;
    }
    byte[] left = before == null ? new byte[0] : before.read(MOST_BYTES);
    byte[] right = after == null ? new byte[0] : after.read(MOST_BYTES);
    if (isBinary(left) || isBinary(right)) {
      out.print("Binary files " + oldName + " and " + newName + " differ").println();
      return;
    }
    printHunks(oldName, newName, lines(left), lines(right));
  }

  private static @Nullable FileContent content(Change.@Nullable Version version) {
    return version == null ? null : version.content();
  }

  private static boolean isTooLarge(Change.@Nullable Version version) {
    return version != null && version.content() != null && version.size() > MOST_BYTES;
  }

  /* As git and diff have it: a NUL byte is in no text. */
  private static boolean isBinary(byte[] bytes) {
    for (byte b : bytes) {
      if (b == 0) {
        return true;
      }
    }
    return false;
  }

  /* Each with its newline; the last one may have none. */
  static List<String> lines(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    List<String> lines = new ArrayList<>();
    int start = 0;
    while (start < text.length()) {
      int newline = text.indexOf('\n', start);
      int end = newline < 0 ? text.length() : newline + 1;
      lines.add(text.substring(start, end));
      start = end;
    }
    return lines;
  }

  private void printHunks(String oldName, String newName, List<String> left, List<String> right)
      throws IOException {
    List<LineDiff.Run> runs = LineDiff.runs(left, right);
    boolean headed = false;
    int i = 0;
    while (i < runs.size()) {
      if (runs.get(i).same()) {
        i++;
        continue;
      }
      int last = i;
      while (last + 2 < runs.size() && length(runs.get(last + 1)) <= 2 * CONTEXT) {
        last += 2;
      }
      if (!headed) {
        out.print(Style.bold, "--- " + oldName).println();
        out.print(Style.bold, "+++ " + newName).println();
        headed = true;
      }
      printHunk(runs.subList(i, last + 1), left, right);
      i = last + 1;
    }
  }

  private static int length(LineDiff.Run run) {
    return run.leftEnd() - run.leftStart();
  }

  private void printHunk(List<LineDiff.Run> runs, List<String> left, List<String> right)
      throws IOException {
    LineDiff.Run first = runs.get(0);
    LineDiff.Run last = runs.get(runs.size() - 1);
    int before = Math.min(CONTEXT, Math.min(first.leftStart(), first.rightStart()));
    int after = Math.min(CONTEXT, left.size() - last.leftEnd());
    after = Math.min(after, right.size() - last.rightEnd());
    String header =
        "@@ -"
            + range(first.leftStart() - before, last.leftEnd() + after)
            + " +"
            + range(first.rightStart() - before, last.rightEnd() + after)
            + " @@";
    out.print(Style.fg_cyan, header).println();
    print(' ', null, left.subList(first.leftStart() - before, first.leftStart()));
    for (LineDiff.Run run : runs) {
      if (run.same()) {
        print(' ', null, left.subList(run.leftStart(), run.leftEnd()));
      } else {
        print('-', Style.fg_red, left.subList(run.leftStart(), run.leftEnd()));
        print('+', Style.fg_green, right.subList(run.rightStart(), run.rightEnd()));
      }
    }
    print(' ', null, left.subList(last.leftEnd(), last.leftEnd() + after));
  }

  /* Lines count from one; an empty range stands behind the line before it. */
  private static String range(int start, int end) {
    int length = end - start;
    int shown = length == 0 ? start : start + 1;
    return length == 1 ? String.valueOf(shown) : shown + "," + length;
  }

  private void print(char mark, @Nullable Style color, List<String> lines) throws IOException {
    for (String line : lines) {
      boolean ends = line.endsWith("\n");
      String text = mark + (ends ? line.substring(0, line.length() - 1) : line);
      if (out.terminal()) {
        String shown = Name.of(text.getBytes(StandardCharsets.ISO_8859_1)).toString();
        String visible = text.indexOf('\t') < 0 ? shown : visible(text);
        if (color == null) {
          out.print(visible);
        } else {
          out.print(color, visible);
        }
      } else {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        out.write(bytes, 0, bytes.length);
      }
      out.println();
      if (!ends) {
        out.print(NO_NEWLINE).println();
      }
    }
  }

  /* Tabs are harmless, and Name shows them as it shows every control byte. */
  private static String visible(String text) {
    StringBuilder visible = new StringBuilder();
    for (String part : text.split("\t", -1)) {
      visible
          .append(visible.length() == 0 ? "" : "\t")
          .append(Name.of(part.getBytes(StandardCharsets.ISO_8859_1)));
    }
    return visible.toString();
  }
}
