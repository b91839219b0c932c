package io.unionfs.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.unionfs.control.ControlClient;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code unionfs list}: the mounted unions, as their servers describe them. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "Lists the mounted unions that you may see, and how each is served.",
    footer = {
      "",
      "Exit status: 0; 1 if the mount table cannot be read; 2 wrong usage.",
      "A union of another user, or without a control socket, is listed without details."
    })
final class ListCommand implements Callable<Integer> {
  private static final String TYPE = "fuse.unionfs-mount";
  private static final Pattern OWNER = Pattern.compile("(?:^|,)user_id=(\\d+)");
  private static final List<String> COLUMNS =
      List.of("MOUNTPOINT", "TRANSPORT", "IO", "UPPER", "LOWERS", "PID");
  private static final List<String> FIELDS =
      List.of("mountPoint", "transport", "io", "upper", "lowers", "pid");

  @Spec private @Nullable CommandSpec spec;

  @Option(names = "--json", description = "One JSON object a line, as docs/CONTROL.md describes.")
  private boolean json;

  @Option(
      names = {"-v", "--verbose"},
      description = "Also why the transport was chosen, and what was agreed on with the kernel.")
  private boolean verbose;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = out();
    Sys sys = Sys.linux();
    List<Map<String, String>> rows = new ArrayList<>();
    try {
      for (MountInfo mount : MountInfo.read(sys)) {
        if (mount.type().equals(TYPE)) {
          String status = status(sys, mount);
          if (json) {
            out.println(status);
          } else {
            rows.add(fields(status));
          }
        }
      }
    } catch (ErrnoException e) {
      throw new IOException("the mount table: " + e.getMessage(), e);
    }
    if (!json && !rows.isEmpty()) {
      print(out, rows);
    }
    out.flush();
    return 0;
  }

  private PrintWriter out() {
    CommandSpec known = spec;
    return known == null
        ? new PrintWriter(System.out, true, StandardCharsets.UTF_8)
        : known.commandLine().getOut();
  }

  /* What the server says, or what can be said without it. */
  private static String status(Sys sys, MountInfo mount) throws IOException {
    String problem;
    try {
      String said = ControlClient.status(sys, mount.id(), owner(mount));
      if (said != null) {
        return said;
      }
      problem = "no control socket";
    } catch (ErrnoException e) {
      problem = e.errno() == Errno.EACCES ? "another user's" : "not answering: " + e.getMessage();
    }
    return UnknownMount.json(mount.mountPoint(), problem);
  }

  private static @Nullable Integer owner(MountInfo mount) {
    Matcher matcher = OWNER.matcher(mount.superOptions());
    return matcher.find() ? Integer.valueOf(matcher.group(1)) : null;
  }

  private static Map<String, String> fields(String object) throws IOException {
    Map<String, String> fields = new LinkedHashMap<>();
    try (JsonParser parser = new JsonFactory().createParser(object)) {
      String name = "";
      List<String> items = null;
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        switch (token) {
          case FIELD_NAME -> name = parser.currentName();
          case START_ARRAY -> items = new ArrayList<>();
          case END_ARRAY -> {
            fields.put(name, String.join(":", items == null ? List.of() : items));
            items = null;
          }
          case START_OBJECT, END_OBJECT -> {}
          case VALUE_NULL -> fields.put(name, "-");
          default -> {
            if (items == null) {
              fields.put(name, parser.getText());
            } else {
              items.add(parser.getText());
            }
          }
        }
      }
    }
    return fields;
  }

  private void print(PrintWriter out, List<Map<String, String>> rows) {
    int[] widths = new int[COLUMNS.size()];
    for (int i = 0; i < widths.length; i++) {
      widths[i] = COLUMNS.get(i).length();
      for (Map<String, String> row : rows) {
        widths[i] = Math.max(widths[i], cell(row, i).length());
      }
    }
    printRow(out, COLUMNS, widths);
    for (Map<String, String> row : rows) {
      List<String> cells = new ArrayList<>();
      for (int i = 0; i < widths.length; i++) {
        cells.add(cell(row, i));
      }
      printRow(out, cells, widths);
      if (verbose && row.containsKey("reason")) {
        out.println("    transport: " + row.get("reason"));
        out.println("    features:  " + row.getOrDefault("features", "").replace(":", " "));
      }
    }
  }

  private static String cell(Map<String, String> row, int column) {
    String field = FIELDS.get(column);
    if (field.equals("transport") && row.containsKey("problem")) {
      return "(" + row.get("problem") + ")";
    }
    return row.getOrDefault(field, "-");
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
