package io.unionfs.cli.doc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.unionfs.cli.Main;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

class DocumentationTest {
  private static final Map<String, String> PAGES = Documentation.pages("unionfs 1", "2026-01-01");

  @TempDir private Path home = Path.of("");

  private static CommandSpec command(String name, String description) {
    CommandSpec command = CommandSpec.create().name(name);
    command.usageMessage().description(description);
    return command;
  }

  private static String tool() {
    CommandSpec hidden = command("hidden", "Is not seen.");
    hidden.usageMessage().hidden(true);
    CommandSpec tool =
        command("tool", "@|bold bold|@%nsecond")
            .addSubcommand("visible", command("visible", "Is seen."))
            .addSubcommand("hidden", hidden)
            .addOption(
                OptionSpec.builder("-x").paramLabel("X").arity("1").description("a-b").build())
            .addOption(OptionSpec.builder("--secret").hidden(true).build());
    tool.usageMessage()
        .header("A tool. For tests.", ".starts with a dot, and 'ends' with a \\")
        .footer("Exit status: 3 never.", "Example: tool -x \\");
    return new ManPage(tool).render(List.of("tool", "tool-visible"), "tool 1", "2026-01-01");
  }

  private String bash(String script) throws IOException, InterruptedException {
    Path out = home.resolve("out");
    Process process =
        new ProcessBuilder("bash", "-c", script)
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    process.getOutputStream().close();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return Files.readString(out, StandardCharsets.ISO_8859_1) + process.exitValue();
  }

  @Test
  void everyCommandHasAPageButHelp() {
    assertThat(PAGES.keySet())
        .contains("unionfs.1", "unionfs-mount.1", "unionfs-umount.1", "unionfs-list.1")
        .doesNotContain("unionfs-help.1");
    assertThat(PAGES).hasSameSizeAs(pagesOf(Main.commandLine("unionfs")));
  }

  /* With one for the command itself. */
  private static List<CommandLine> pagesOf(CommandLine command) {
    java.util.ArrayList<CommandLine> pages = new java.util.ArrayList<>(List.of(command));
    ManPage.below(command.getCommandSpec())
        .forEach(each -> pages.addAll(pagesOf(each.commandLine())));
    return pages;
  }

  @Test
  void pageOfMountNamesEveryOption() {
    String page = PAGES.getOrDefault("unionfs-mount.1", "");

    Main.commandLine("unionfs-mount")
        .getCommandSpec()
        .optionsMap()
        .keySet()
        .forEach(name -> assertThat(page).contains("\\fB" + name.replace("-", "\\-") + "\\fR"));
    assertThat(page)
        .contains("\\fB\\-\\-redirect\\-dir\\fR\\fI[=MODE]\\fR\n")
        .contains("\\fB\\-o\\fR\\fI KEY[=VALUE],...\\fR\n");
  }

  @Test
  void sectionsStandInTheUsualOrder() {
    assertThat(PAGES.getOrDefault("unionfs-mount.1", "").lines().filter(l -> l.startsWith(".SH")))
        .containsExactly(
            ".SH NAME",
            ".SH SYNOPSIS",
            ".SH DESCRIPTION",
            ".SH OPTIONS",
            ".SH EXIT STATUS",
            ".SH ENVIRONMENT",
            ".SH FILES",
            ".SH EXAMPLES",
            ".SH SEE ALSO");
  }

  @Test
  void whatRoffWouldTakeForItsOwnIsEscaped() {
    assertThat(tool())
        .contains("tool \\- a tool\n")
        .contains("\n\\&.starts with a dot, and \\(aqends\\(aq with a \\e\n")
        .contains("\nbold\nsecond\n")
        .contains("\ntool \\-x \\e\n")
        .contains("\na\\-b\n");
    assertThat(Roff.escape("'x")).isEqualTo("\\(aqx");
    assertThat(Roff.escape("→")).isEqualTo("\\[u2192]");
  }

  @Test
  void hiddenCommandsAndOptionsAreLeftOut() {
    assertThat(tool()).contains("visible").doesNotContain("hidden").doesNotContain("secret");
  }

  @Test
  void footerTellsExitStatusAndExamples() {
    assertThat(tool()).contains(".SH EXIT STATUS\n.PP\n3 never.\n").contains(".SH EXAMPLES\n");
    assertThat(PAGES.get("unionfs-umount.1")).contains("0 success, 1 failure, 2 wrong usage.");
  }

  @Test
  void groffHasNothingToSay() throws Exception {
    assumeTrue(bash("groff --version").endsWith("0"), "groff is missing");
    for (Map.Entry<String, String> page : PAGES.entrySet()) {
      Path file = Files.writeString(home.resolve(page.getKey()), page.getValue());

      assertThat(bash("groff -man -ww -z -Tutf8 '" + file + "'")).as(page.getKey()).isEqualTo("0");
    }
  }

  @Test
  void groffHasNothingToSayAboutThePagesOfTheHelpers() throws Exception {
    assumeTrue(bash("groff --version").endsWith("0"), "groff is missing");
    try (Stream<Path> pages = Files.list(Path.of("packages/man"))) {
      for (Path page : pages.toList()) {
        assertThat(
                bash("grep -q '^[.]so ' '" + page + "' || groff -man -ww -z -Tutf8 '" + page + "'"))
            .as(page.toString())
            .isEqualTo("0");
      }
    }
  }

  @Test
  void zshCompletesAsBashDoes() throws Exception {
    assumeTrue(bash("zsh --version").endsWith("0"), "zsh is missing");
    Path functions = Files.createDirectory(home.resolve("functions"));
    Files.writeString(functions.resolve("_unionfs"), Documentation.zshCompletion());

    assertThat(typed("unionfs um")).contains("unionfs umount ");
    assertThat(typed("unionfs-mount --log-l")).contains("unionfs-mount --log-level");
    assertThat(typed("unionfs mount --stat")).contains("unionfs mount --static-nlink");
  }

  /* What a terminal shows when this is typed and completed, twice: the first time loads the function. */
  private String typed(String line) throws Exception {
    Path script = home.resolve("typed");
    Files.writeString(
        script,
        """
        zmodload zsh/zpty
        zpty z zsh -f -i
        zpty -w z 'PS1="> "; cd %s; fpath=($PWD/functions $fpath); autoload -U compinit; compinit -u -D; echo read""y'
        zpty -r z said '*ready*'
        for i in 1 2; do
          zpty -w -n z $'%s\\t\\C-a#\\C-e;\\n'
          zpty -w z 'echo do""ne'
          zpty -r z said '*done*'
          print -r -- "$said"
        done
        zpty -d z
        """
            .formatted(home, line));
    return bash("TERM=dumb timeout 50 zsh -f '" + script + "'");
  }

  private String completed(String program, String... words) throws Exception {
    Path file = Files.writeString(home.resolve(program), Documentation.completion(program));
    return bash(
        "cd '%s'; mkdir -p directory; . './%s'; compopt() { :; }; COMP_WORDS=(%s); COMP_CWORD=%d; _complete_%s; echo ${COMPREPLY[*]}"
            .formatted(
                home,
                file.getFileName(),
                "'" + String.join("' '", words) + "'",
                words.length - 1,
                program));
  }

  @Test
  void completionKnowsCommandsOptionsAndFiles() throws Exception {
    assertThat(completed("unionfs", "unionfs", "um")).isEqualTo("umount\n0");
    assertThat(completed("unionfs", "unionfs", "mount", "--low"))
        .isEqualTo("--lower --lowerdir\n0");
    assertThat(completed("unionfs-mount", "unionfs-mount", "--log-l")).isEqualTo("--log-level\n0");
    assertThat(completed("unionfs-mount", "unionfs-mount", "--log", "")).isEqualTo("journal\n0");
    assertThat(completed("unionfs-mount", "unionfs-mount", "--io", "p"))
        .isEqualTo("passthrough\n0");
    assertThat(completed("unionfs", "unionfs", "mount", "--transport", "k")).isEqualTo("kernel\n0");
    assertThat(completed("unionfs-mount", "unionfs-mount", "--upper", "dir"))
        .isEqualTo("directory\n0");
    assertThat(completed("unionfs", "unionfs", "umount", "dir")).isEqualTo("directory\n0");
  }

  /* Typed on a terminal of script(1); what stands there in the end is what the commands were called with. */
  @Test
  void bashCompletesOnATerminal() throws Exception {
    assumeTrue(bash("script --version").endsWith("0"), "script is missing");
    Files.createDirectory(home.resolve("directory"));
    StringBuilder typed = new StringBuilder("cd '" + home + "'\n");
    for (String program : List.of("unionfs", "unionfs-mount")) {
      Files.writeString(home.resolve(program), Documentation.completion(program));
      typed.append(
          ". ./%s\n%s() { echo \"called:$(printf '<%%s>' \"$@\")\"; }\n"
              .formatted(program, program));
    }
    typed
        .append("unionfs um\tdi\t\n")
        .append("unionfs-mount --log-l\tinfo --lower directory:di\t\n")
        .append("exit\n");
    Path keys = Files.writeString(home.resolve("keys"), typed);

    String shown =
        bash(
            "TERM=dumb timeout 50 script -qec 'bash --norc --noprofile -i' /dev/null < '"
                + keys
                + "'");

    assertThat(shown.lines().filter(line -> line.startsWith("called:")))
        .containsExactly(
            "called:<umount><directory/>",
            "called:<--log-level><info><--lower><directory:directory/>");
  }
}
