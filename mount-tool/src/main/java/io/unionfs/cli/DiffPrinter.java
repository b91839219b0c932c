package io.unionfs.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.unionfs.offline.Aspect;
import io.unionfs.offline.Change;
import io.unionfs.offline.DiffSink;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Help.Ansi;

/** Prints changes as they are found. */
final class DiffPrinter implements DiffSink {
  /** In what form. */
  enum Style {
    LINES,
    NAMES,
    STAT,
    JSON
  }

  private static final int SIZE_COLUMNS = 12;

  private final Output out;
  private final Style style;
  private final boolean withText;
  private final Progress progress;
  private final Map<Change.Kind, Long> counts = new EnumMap<>(Change.Kind.class);
  private long bytesBefore;
  private long bytesAfter;
  private int problems;

  /**
   * @param withText whether the text of files is shown as well
   */
  DiffPrinter(Output out, Style style, boolean withText, Progress progress) {
    this.out = out;
    this.style = style;
    this.withText = withText && style == Style.LINES;
    this.progress = progress;
  }

  @Override
  public void change(Change change) throws IOException {
    progress.clear();
    counts.merge(change.kind(), 1L, Long::sum);
    bytesBefore += size(change.before());
    bytesAfter += size(change.after());
    switch (style) {
      case JSON -> out.object(json -> write(json, change));
      case NAMES -> out.print(name(change)).println();
      case STAT -> printSizes(change);
      case LINES -> printLine(change);
    }
    if (style != Style.JSON) {
      printLinks(change);
    }
    if (withText) {
      printText(change);
    }
  }

  @Override
  public void unnamed(int files) {
    progress.clear();
    System.err.println(
        "unionfs: "
            + files
            + (files == 1 ? " changed file has" : " changed files have")
            + " no name left but in the lowers, if any; --links looks for those");
  }

  /* A line each: a name may have any character in it. */
  private void printLinks(Change change) throws IOException {
    Change.Version after = change.after();
    for (Name link : after == null ? List.<Name>of() : after.lowerNames()) {
      out.print((style == Style.NAMES ? "" : "  = ") + link).println();
    }
  }

  private void printText(Change change) throws IOException {
    boolean sameData =
        change.before() != null
            && change.after() != null
            && !change.aspects().contains(Aspect.CONTENT);
    if (sameData) {
      return;
    }
    try {
      new ContentDiff(out).print(change);
    } catch (ErrnoException e) {
      problem(change.path(), e.errno());
    }
  }

  private void printLine(Change change) throws IOException {
    out.print(color(change.kind()), letter(change.kind()) + " ");
    Name from = change.from();
    if (from != null) {
      out.print(from + " -> ");
    }
    out.print(name(change));
    if (!change.aspects().isEmpty()) {
      out.print("  (" + aspects(change) + ")");
    }
    if (change.replaces()) {
      out.print("  (replacing what was there)");
    }
    int more = moreNames(change);
    if (more > 0) {
      out.print("  (and under " + more + (more == 1 ? " name" : " names") + " of the lowers)");
    }
    out.println();
  }

  private void printSizes(Change change) throws IOException {
    out.print(color(change.kind()), letter(change.kind()) + " ");
    out.print(column(change.before()) + " " + column(change.after()) + "  " + name(change));
    out.println();
  }

  private static String column(Change.@Nullable Version version) {
    String text =
        version == null || version.type() != Linux.S_IFREG ? "-" : Progress.size(version.size());
    return " ".repeat(Math.max(0, SIZE_COLUMNS - text.length())) + text;
  }

  private static String aspects(Change change) {
    return change.aspects().stream().map(Aspect::toString).collect(Collectors.joining(", "));
  }

  /* Directories have a slash behind, as ls -F shows them. */
  private static String name(Change change) {
    Change.Version shown = change.after() == null ? change.before() : change.after();
    boolean directory = shown != null && shown.type() == Linux.S_IFDIR;
    return change.path() + (directory ? "/" : "");
  }

  private static int moreNames(Change change) {
    Change.Version after = change.after();
    return after == null ? 0 : after.moreNames();
  }

  private static String letter(Change.Kind kind) {
    return kind.name().substring(0, 1);
  }

  private static Ansi.IStyle color(Change.Kind kind) {
    return switch (kind) {
      case ADDED -> Ansi.Style.fg_green;
      case DELETED -> Ansi.Style.fg_red;
      case MODIFIED -> Ansi.Style.fg_yellow;
      case RENAMED -> Ansi.Style.fg_cyan;
    };
  }

  private static long size(Change.@Nullable Version version) {
    return version == null || version.type() != Linux.S_IFREG ? 0 : version.size();
  }

  private static void write(JsonGenerator json, Change change) throws IOException {
    json.writeStringField("change", change.kind().toString());
    Output.name(json, "path", change.path());
    Name from = change.from();
    if (from != null) {
      Output.name(json, "from", from);
      json.writeBooleanField("replaces", change.replaces());
    }
    json.writeArrayFieldStart("aspects");
    for (Aspect aspect : change.aspects()) {
      json.writeString(aspect.toString());
    }
    json.writeEndArray();
    if (moreNames(change) > 0) {
      json.writeNumberField("moreNames", moreNames(change));
    }
    writeLinks(json, change.after());
    write(json, "before", change.before());
    write(json, "after", change.after());
  }

  private static void writeLinks(JsonGenerator json, Change.@Nullable Version after)
      throws IOException {
    if (after == null || after.lowerNames().isEmpty()) {
      return;
    }
    json.writeArrayFieldStart("lowerNames");
    for (Name link : after.lowerNames()) {
      json.writeStartObject();
      Output.name(json, "path", link);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void write(JsonGenerator json, String member, Change.@Nullable Version version)
      throws IOException {
    if (version == null) {
      json.writeNullField(member);
      return;
    }
    json.writeObjectFieldStart(member);
    json.writeStringField("type", FileTypes.name(version.type()));
    if (version.type() == Linux.S_IFREG) {
      json.writeNumberField("size", version.size());
    }
    json.writeEndObject();
  }

  @Override
  public void problem(Name path, int errno) throws IOException {
    progress.clear();
    problems++;
    if (style == Style.JSON) {
      out.object(
          json -> {
            Output.name(json, "path", path);
            json.writeStringField("problem", Errno.name(errno));
          });
    }
    System.err.println("unionfs: " + path + ": " + Errno.message(errno));
  }

  @Override
  public void progress(long entries, long bytes) {
    progress.add(entries, bytes);
  }

  /** How many things could not be looked at. */
  int problems() {
    return problems;
  }

  /** How many changes there were. */
  long changes() {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Prints what is known only at the end. */
  void finish() throws IOException {
    if (style == Style.STAT) {
      StringBuilder text = new StringBuilder();
      for (Change.Kind kind : Change.Kind.values()) {
        text.append(counts.getOrDefault(kind, 0L)).append(' ').append(kind).append(", ");
      }
      out.print(
              text
                  + "files from "
                  + Progress.size(bytesBefore)
                  + " to "
                  + Progress.size(bytesAfter))
          .println();
    }
  }
}
