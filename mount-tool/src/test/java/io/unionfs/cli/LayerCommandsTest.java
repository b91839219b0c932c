package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands on layers that are named, as a user gives and sees them. */
class LayerCommandsTest {
  @TempDir private Path home = Path.of("");

  private record Result(int status, String out, String err) {}

  @BeforeEach
  void makeLayers() throws IOException {
    for (String name : List.of("a:1", "b", "u")) {
      Files.createDirectory(home.resolve(name));
    }
    write("a:1/text", "one\ntwo\nthree\n");
    write("u/text", "one\n2\nthree\n");
    write("b/same", "same");
    write("u/same", "same");
    Files.setLastModifiedTime(home.resolve("u/same"), FileTime.fromMillis(5000));
    write("u/new", "no newline");
    write("u/binary", "a\0b");
  }

  private void write(String path, String text) throws IOException {
    Files.writeString(home.resolve(path), text);
  }

  private Result run(String command, String... more) {
    List<String> line = new ArrayList<>(List.of(command, "--lower"));
    line.add(home + "/a\\:1:" + home + "/b");
    line.addAll(List.of("--upper", home + "/u"));
    line.addAll(List.of(more));
    return execute(line.toArray(String[]::new));
  }

  private static synchronized Result execute(String... line) {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    StringWriter err = new StringWriter();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      CommandLine command = Main.commandLine("unionfs");
      command.setErr(new PrintWriter(err));
      int status = command.execute(line);
      return new Result(status, out.toString(StandardCharsets.UTF_8), err.toString());
    } finally {
      System.setOut(before);
    }
  }

  @Test
  void diffIsALineForEachChange() {
    assertThat(run("diff").out())
        .isEqualTo("A binary\nA new\nM same  (content)\nM text  (content)\n");
    assertThat(run("diff", "--name-only").out()).isEqualTo("binary\nnew\nsame\ntext\n");
    assertThat(run("diff", "--stat").out())
        .contains("A            -          3 B  binary\n")
        .endsWith("2 added, 2 modified, 0 deleted, 0 renamed, files from 18 B to 29 B\n");
  }

  @Test
  void diffOfContentIsUnified() {
    assertThat(run("diff", "--content").out())
        .isEqualTo(
            """
            A binary
            Binary files /dev/null and b/binary differ
            A new
            --- /dev/null
            +++ b/new
            @@ -0,0 +1 @@
            +no newline
            \\ No newline at end of file
            M text  (content)
            --- a/text
            +++ b/text
            @@ -1,3 +1,3 @@
             one
            -two
            +2
             three
            """);
  }

  @Test
  void jsonIsOneObjectALine() {
    assertThat(run("diff", "--json", "--content").out())
        .endsWith(
            "{\"change\":\"modified\",\"path\":\"text\",\"aspects\":[\"content\"],"
                + "\"before\":{\"type\":\"file\",\"size\":14},"
                + "\"after\":{\"type\":\"file\",\"size\":12}}\n")
        .hasLineCount(3);
    assertThat(run("which", "--json", "same").out())
        .startsWith("{\"path\":\"same\",\"state\":\"present\",\"type\":\"file\",\"layers\":[{")
        .contains("\"layer\":\"lower 2\",\"directory\":\"" + home + "/b\",\"role\":\"hidden\"");
  }

  @Test
  void whichTellsTheLayersAndFailsWhereThereIsNothing() {
    Result result = run("which", "text", "nope");

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.out())
        .isEqualTo(
            "text: file\n  upper    provides  file  %1$s/u/text\n  lower 1  hidden    file  %1$s/a:1/text\nnope: in no layer\n"
                .formatted(home));
    assertThat(run("which", "-r", ".").out())
        .contains("upper     file       as it is     text  (hides lower 1)\n");
  }

  @Test
  void discardShowsFirstAndDoesNothingUnasked() {
    Result unasked = run("discard", "text");

    assertThat(unasked.status()).isEqualTo(1);
    assertThat(unasked.out()).isEqualTo("M text  (content)\n");
    assertThat(unasked.err()).contains("say --yes");
    assertThat(run("discard", "--dry-run", "text").status()).isZero();
    assertThat(home.resolve("u/text")).exists();
    assertThat(run("discard", "--yes", "text", "new").status()).isZero();
    assertThat(run("diff", "--name-only").out()).isEqualTo("binary\nsame\n");
  }

  @Test
  void wrongUsageIsStatusTwoAndASentence() {
    assertThat(execute("diff").status()).isEqualTo(2);
    assertThat(execute("diff").err()).contains("give a mount point, or --lower");
    assertThat(run("diff", "/mnt").err()).contains("not both");
    assertThat(run("diff", "--json", "--stat").status()).isEqualTo(2);
    assertThat(execute("diff", "--lower", "/").err()).contains("there is no upper directory");
    assertThat(execute("diff", "--upper", "/u").err()).contains("no lower directory given");
    assertThat(run("which", "a/../../b").status()).isEqualTo(2);
    assertThat(run("which").status()).isEqualTo(2);
  }

  @Test
  void failureIsStatusOneAndASentence() {
    Result missing = execute("diff", "--lower", home + "/none", "--upper", home + "/u");

    assertThat(missing.status()).isEqualTo(1);
    assertThat(missing.err()).contains("lower directory " + home + "/none: no such file");
    assertThat(execute("diff", "/").err()).contains("/: no union is mounted there");
    assertThat(execute("which", "/etc/passwd").err()).contains("not in a mounted union");
    assertThat(execute("which", "/etc/passwd").status()).isEqualTo(1);
  }

  @Test
  void progressTellsRateAndTimeLeft() {
    PrintStream nowhere =
        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    try (Progress progress = new Progress(nowhere, true, "copying", 4 << 20)) {
      progress.add(3, 1 << 20);

      assertThat(progress.line(2_000_000_000L))
          .isEqualTo("copying: 3 entries, 1.0 MiB of 4.0 MiB, 512.0 KiB/s, 0:06 left");
    }
    try (Progress progress = new Progress(nowhere, true, "comparing", Progress.UNKNOWN)) {
      progress.add(10, 0);

      assertThat(progress.line(2_000_000_000L)).isEqualTo("comparing: 10 entries, 5/s");
    }
  }
}
