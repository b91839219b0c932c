package io.unionfs.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.unionfs.offline.Explainer;
import io.unionfs.offline.Explanation;
import io.unionfs.offline.Explanation.Copied;
import io.unionfs.offline.Explanation.State;
import io.unionfs.offline.LayerView;
import io.unionfs.offline.LayerView.Role;
import io.unionfs.offline.OnDiskMark;
import io.unionfs.sys.Errno;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/** Prints what layers have: a paragraph for a path, or with everything below it a line each. */
final class WhichPrinter implements Explainer.Sink {
  private static final byte PRINTABLE_FROM = 0x20;
  private static final byte PRINTABLE_TO = 0x7e;

  private final Output out;
  private final boolean json;
  private final boolean lines;
  private boolean failed;

  /**
   * @param lines whether each path gets one line
   */
  WhichPrinter(Output out, boolean json, boolean lines) {
    this.out = out;
    this.json = json;
    this.lines = lines;
  }

  /** Whether a path does not exist, or could not be looked at. */
  boolean failed() {
    return failed;
  }

  @Override
  public void take(Explanation explanation) throws IOException {
    failed |= explanation.state() != State.PRESENT;
    if (json) {
      out.object(to -> write(to, explanation));
    } else if (lines) {
      printLine(explanation);
    } else {
      printParagraph(explanation);
    }
  }

  @Override
  public void problem(Name path, int errno) throws IOException {
    failed = true;
    if (json) {
      out.object(
          to -> {
            Output.name(to, "path", path);
            to.writeStringField("problem", Errno.name(errno));
          });
    }
    System.err.println("unionfs: " + path + ": " + Errno.message(errno));
  }

  private void printLine(Explanation said) throws IOException {
    String layer = "-";
    List<String> hidden = new ArrayList<>();
    for (LayerView view : said.layers()) {
      if (view.role() == Role.PROVIDES || view.role() == Role.HIDES) {
        layer = view.layer();
      } else if (view.role() == Role.HIDDEN) {
        hidden.add(view.layer());
      }
    }
    Integer type = said.type();
    out.print(
        color(said.state()),
        String.format(
            "%-9s %-10s %-12s ", layer, type == null ? "-" : FileTypes.name(type), summary(said)));
    out.print(said.path().toString());
    if (!hidden.isEmpty()) {
      out.print("  (hides " + String.join(", ", hidden) + ")");
    }
    out.println();
  }

  private static String summary(Explanation said) {
    if (said.state() != State.PRESENT) {
      return said.state().toString();
    }
    if (said.origin() != null) {
      return "copied up";
    }
    boolean merged = said.layers().stream().anyMatch(view -> view.role() == Role.MERGED);
    return merged ? "merged" : "as it is";
  }

  private static Ansi.IStyle color(State state) {
    return state == State.PRESENT ? Ansi.Style.fg_green : Ansi.Style.fg_red;
  }

  private void printParagraph(Explanation said) throws IOException {
    out.print(Ansi.Style.bold, said.path().toString()).print(": ");
    switch (said.state()) {
      case ABSENT -> out.print(color(said.state()), "in no layer").println();
      case DELETED -> out.print(color(said.state()), "deleted").println();
      case PRESENT -> {
        Integer type = said.type();
        out.print(type == null ? "" : FileTypes.name(type)).println();
      }
    }
    TextTable table = new TextTable("  ");
    for (LayerView view : said.layers()) {
      table.row(view.layer(), view.role().toString(), what(view), where(view));
      for (OnDiskMark mark : view.marks()) {
        table.row("", "", "mark", show(mark));
      }
    }
    table.print(out);
    printMore(said);
  }

  private void printMore(Explanation said) throws IOException {
    Copied origin = said.origin();
    if (origin != null) {
      String from = "a lower file that is not found by its handle";
      if (origin.layer() != null) {
        from = origin.layer() + ", " + origin.path();
      }
      out.print("  copied up from " + from).println();
    }
    Integer type = said.type();
    if (said.links() > 1 && type != null && type != Linux.S_IFDIR) {
      out.print("  one of " + said.links() + " hard links, counting those in the work directory");
      out.println();
    }
    Name index = said.index();
    if (index != null) {
      out.print("  kept together by index/" + index + " in the work directory").println();
    }
  }

  private static String what(LayerView view) {
    Integer type = view.type();
    if (type == null) {
      return "whiteout";
    }
    return (view.opaque() ? "opaque " : "") + FileTypes.name(type);
  }

  private static String where(LayerView view) {
    return view.path().equals(Name.DOT) ? view.directory() : view.directory() + "/" + view.path();
  }

  private static String show(OnDiskMark mark) {
    return switch (mark.form()) {
      case DEVICE -> "character device 0:0";
      case ENTRY -> "entry " + mark.name();
      case XATTR -> {
        byte[] value = mark.value();
        yield mark.name() + (value == null ? " (unreadable)" : " = " + show(value));
      }
    };
  }

  /* As getfattr(1) has it: text where it is, else hexadecimal. */
  private static String show(byte[] value) {
    for (byte b : value) {
      if (b < PRINTABLE_FROM || b > PRINTABLE_TO) {
        return "0x" + HexFormat.of().formatHex(value);
      }
    }
    return "\"" + Name.of(value) + "\"";
  }

  private static void write(JsonGenerator json, Explanation said) throws IOException {
    Output.name(json, "path", said.path());
    json.writeStringField("state", said.state().toString());
    Integer type = said.type();
    json.writeStringField("type", type == null ? null : FileTypes.name(type));
    json.writeArrayFieldStart("layers");
    for (LayerView view : said.layers()) {
      write(json, view);
    }
    json.writeEndArray();
    Copied origin = said.origin();
    if (origin == null) {
      json.writeNullField("copiedFrom");
    } else {
      json.writeObjectFieldStart("copiedFrom");
      json.writeStringField("layer", origin.layer());
      Output.name(json, "path", origin.path());
      json.writeEndObject();
    }
    json.writeNumberField("links", said.links());
    Output.name(json, "index", said.index());
  }

  private static void write(JsonGenerator json, LayerView view) throws IOException {
    json.writeStartObject();
    json.writeStringField("layer", view.layer());
    json.writeStringField("directory", view.directory());
    json.writeStringField("role", view.role().toString());
    Output.name(json, "path", view.path());
    Integer type = view.type();
    json.writeStringField("type", type == null ? "whiteout" : FileTypes.name(type));
    json.writeBooleanField("opaque", view.opaque());
    json.writeArrayFieldStart("marks");
    for (OnDiskMark mark : view.marks()) {
      json.writeStartObject();
      json.writeStringField("form", mark.form().toString());
      Output.name(json, "name", mark.name());
      byte[] value = mark.value();
      if (value != null) {
        json.writeFieldName("value");
        json.writeBinary(value);
      }
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }
}
