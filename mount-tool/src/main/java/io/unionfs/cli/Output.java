package io.unionfs.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import io.unionfs.control.JsonNames;
import io.unionfs.sys.Name;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Help.Ansi;

/** What a command prints: text in UTF-8, bytes as they are, or JSON objects, one a line. */
final class Output implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 << 10;

  private final PrintStream target;
  private final OutputStream out;
  private final boolean terminal;
  private final boolean colors;

  /* Made when it is first wanted, so that Jackson is loaded only then. */
  private @Nullable JsonGenerator json;

  /**
   * @param target stays open
   */
  Output(PrintStream target, boolean terminal, boolean colors) {
    this.target = target;
    this.out = new BufferedOutputStream(target, BUFFER_BYTES);
    this.terminal = terminal;
    this.colors = colors;
  }

  /** Writes the members of a JSON object. */
  interface Members {
    void write(JsonGenerator json) throws IOException;
  }

  /** Whether somebody looks at it right away. */
  boolean terminal() {
    return terminal;
  }

  Output print(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  /** The same in a colour, where colours are wanted. */
  Output print(Ansi.IStyle color, String text) throws IOException {
    return colors ? print(color.on()).print(text).print(color.off()) : print(text);
  }

  Output println() throws IOException {
    out.write('\n');
    if (terminal) {
      out.flush();
    }
    return this;
  }

  /** Writes bytes as they are. */
  void write(byte[] bytes, int offset, int length) throws IOException {
    out.write(bytes, offset, length);
  }

  /** Writes one JSON object on a line of its own. */
  void object(Members members) throws IOException {
    JsonGenerator generator = json;
    if (generator == null) {
      generator = new JsonFactory().createGenerator(out);
      generator.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      generator.setPrettyPrinter(new MinimalPrettyPrinter("\n"));
      json = generator;
    }
    generator.writeStartObject();
    members.write(generator);
    generator.writeEndObject();
  }

  /** Writes a name; see {@link JsonNames}. */
  static void name(JsonGenerator json, String member, @Nullable Name name) throws IOException {
    JsonNames.write(json, member, name);
  }

  /**
   * Hands on what is left.
   *
   * @throws IOException if something could not be written
   */
  @Override
  public void close() throws IOException {
    JsonGenerator generator = json;
    if (generator != null) {
      generator.close();
      out.write('\n');
    }
    out.flush();
    if (target.checkError()) {
      throw new IOException("standard output cannot be written");
    }
  }
}
