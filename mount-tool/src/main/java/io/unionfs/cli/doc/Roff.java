package io.unionfs.cli.doc;

import java.util.List;

/** A manual page in the macros of man(7), written from the top. */
final class Roff {
  private final StringBuilder page = new StringBuilder();

  /** The title line, which every page begins with. */
  Roff title(String name, String date, String version) {
    page.append(
        ".TH %s 1 %s %s \"User Commands\"\n"
            .formatted(quoted(name.toUpperCase(java.util.Locale.ROOT)), date, quoted(version)));
    page.append(".nh\n.ad l\n"); // names of options stay whole
    return this;
  }

  Roff section(String name) {
    page.append(".SH ").append(name).append('\n');
    return this;
  }

  /** A paragraph of words, which are filled. */
  Roff paragraph(String text) {
    page.append(".PP\n");
    return text(text);
  }

  /** Words that follow what stands before. */
  Roff text(String text) {
    text.lines()
        .filter(line -> !line.isBlank())
        .forEach(line -> page.append(escape(line.strip())).append('\n'));
    return this;
  }

  /** A term, in marks of {@link #bold} and {@link #italic}, and what it means. */
  Roff term(String marked, List<String> meaning) {
    page.append(".TP\n").append(marked).append('\n');
    if (meaning.isEmpty()) {
      page.append("\\&\n");
    }
    meaning.forEach(this::text);
    return this;
  }

  /** A line of {@link #bold} and {@link #italic} that hangs where it is broken. */
  Roff synopsis(String marked) {
    page.append(".HP\n").append(marked).append('\n');
    return this;
  }

  /** A line as it is typed. */
  Roff example(String line) {
    page.append(".PP\n.RS 4\n.nf\n").append(escape(line)).append("\n.fi\n.RE\n");
    return this;
  }

  /** A line of marked words. */
  Roff marked(String words) {
    page.append(words).append('\n');
    return this;
  }

  static String bold(String text) {
    return text.isEmpty() ? "" : "\\fB" + escape(text) + "\\fR";
  }

  static String italic(String text) {
    return text.isEmpty() ? "" : "\\fI" + escape(text) + "\\fR";
  }

  private static String quoted(String argument) {
    return '"' + escape(argument).replace("\"", "\\(dq") + '"';
  }

  /** Text that roff prints as it is, also at the start of a line. */
  static String escape(String text) {
    StringBuilder escaped = new StringBuilder();
    if (text.startsWith(".")) {
      escaped.append("\\&");
    }
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '\\' -> escaped.append("\\e");
                case '-' -> escaped.append("\\-");
                case '\'' -> escaped.append("\\(aq");
                case '`' -> escaped.append("\\(ga");
                case '^' -> escaped.append("\\(ha");
                case '~' -> escaped.append("\\(ti");
                default -> {
                  if (c < 0x80) {
                    escaped.appendCodePoint(c);
                  } else {
                    escaped.append("\\[u%04X]".formatted(c));
                  }
                }
              }
            });
    return escaped.toString();
  }

  @Override
  public String toString() {
    return page.toString();
  }
}
