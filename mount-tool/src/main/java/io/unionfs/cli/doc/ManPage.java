package io.unionfs.cli.doc;

import static io.unionfs.cli.doc.Roff.bold;
import static io.unionfs.cli.doc.Roff.italic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.IParamLabelRenderer;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The manual page of one command. */
final class ManPage {
  /* Above that many the synopsis names none. */
  private static final int FEW_OPTIONS = 8;

  private static final String STATUS = "Exit status: ";
  private static final String EXAMPLE = "Example: ";

  private static final Map<String, List<String>> ENVIRONMENT =
      Map.of(
          "unionfs-mount",
          List.of(
              "UNIONFS_HEAP",
              "The most heap of the server. Default: 256m.",
              "UNIONFS_JAVA_OPTS",
              "More options for Java, separated by blanks.",
              "JAVA_HOME",
              "The Java that a checkout is run with. A package has its own.",
              "XDG_RUNTIME_DIR",
              "Where the control socket of a plain user's mount is made."));

  private static final Map<String, List<String>> FILES =
      Map.of(
          "unionfs-mount",
          List.of(
              "/run/unionfs/ID.sock",
              "The control socket of the mount with that number in /proc/self/mountinfo; below"
                  + " XDG_RUNTIME_DIR where that is set.",
              "/etc/fuse.conf",
              "Whether other users than root may use allow_other."));

  private static final Map<String, List<String>> OTHERS =
      Map.of(
          "unionfs-mount",
          List.of("fusermount3(1)", "fuse(4)", "fstab(5)", "mount(8)", "umount(8)"),
          "unionfs-umount",
          List.of("fusermount3(1)", "umount(8)"));

  private final CommandSpec command;
  private final String name;
  private final Help help;
  private final IParamLabelRenderer values;

  ManPage(CommandSpec command) {
    this.command = command;
    name = nameOf(command);
    help = new Help(command, Help.defaultColorScheme(Ansi.OFF));
    values = help.createDefaultParamLabelRenderer();
  }

  /** The page's name: the commands on the way to it, joined by hyphens. */
  static String nameOf(CommandSpec command) {
    CommandSpec parent = command.parent();
    boolean whole = parent == null || command.name().startsWith(nameOf(parent) + "-");
    return whole ? command.name() : nameOf(parent) + "-" + command.name();
  }

  /** The commands below it that have a page: neither hidden ones nor {@code help}. */
  static List<CommandSpec> below(CommandSpec command) {
    return command.subcommands().values().stream()
        .map(CommandLine::getCommandSpec)
        .filter(each -> !each.usageMessage().hidden() && !each.helpCommand())
        .distinct()
        .toList();
  }

  String fileName() {
    return name + ".1";
  }

  /**
   * The page in roff.
   *
   * @param all the names of all pages, to be referred to
   */
  String render(Collection<String> all, String version, String date) {
    Roff page = new Roff().title(name, date, version);
    List<String> said = description();
    page.section("NAME").marked(Roff.escape(name) + " \\- " + Roff.escape(summary(said)));
    page.section("SYNOPSIS").synopsis(synopsis());
    page.section("DESCRIPTION");
    said.forEach(page::paragraph);
    footer(line -> !line.startsWith(STATUS) && !line.startsWith(EXAMPLE)).forEach(page::paragraph);
    arguments(page);
    subcommands(page);
    page.section("EXIT STATUS");
    List<String> status = footer(line -> line.startsWith(STATUS));
    if (status.isEmpty()) {
      page.paragraph("0 success, 1 failure, 2 wrong usage.");
    }
    status.forEach(line -> page.paragraph(line.substring(STATUS.length())));
    terms(page, "ENVIRONMENT", ENVIRONMENT.getOrDefault(name, List.of()));
    terms(page, "FILES", FILES.getOrDefault(name, List.of()));
    List<String> examples = footer(line -> line.startsWith(EXAMPLE));
    if (!examples.isEmpty()) {
      page.section("EXAMPLES");
      examples.forEach(line -> page.example(line.substring(EXAMPLE.length())));
    }
    page.section("SEE ALSO").marked(seeAlso(all));
    return page.toString();
  }

  /* The header and the description, a paragraph each. */
  private List<String> description() {
    return Stream.concat(
            Arrays.stream(command.usageMessage().header()),
            Arrays.stream(command.usageMessage().description()))
        .map(ManPage::plain)
        .filter(line -> !line.isBlank())
        .toList();
  }

  /* The first sentence, as apropos(1) shows it. */
  private static String summary(List<String> said) {
    String first = said.isEmpty() ? "a command of unionfs" : said.get(0);
    int end = first.indexOf(". ");
    String sentence = end < 0 ? first : first.substring(0, end);
    sentence = sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
    return sentence.substring(0, 1).toLowerCase(java.util.Locale.ROOT) + sentence.substring(1);
  }

  private List<String> footer(Predicate<String> wanted) {
    return Arrays.stream(command.usageMessage().footer())
        .map(ManPage::plain)
        .filter(line -> !line.isBlank())
        .filter(wanted)
        .toList();
  }

  private String synopsis() {
    String called = command.name().equals(name) ? name : command.qualifiedName();
    List<String> words = new ArrayList<>();
    words.add(bold(called));
    List<OptionSpec> options = options();
    if (options.size() > FEW_OPTIONS) {
      words.add("[" + italic("OPTION") + "...]");
    } else {
      options.forEach(
          option -> words.add("[" + names(option, List.of(option.longestName())) + "]"));
    }
    command.positionalParameters().stream()
        .filter(each -> !each.hidden())
        .forEach(each -> words.add(italic(value(each).strip())));
    if (!below(command).isEmpty()) {
      words.add(italic("COMMAND") + " [" + italic("ARGUMENT") + "...]");
    }
    return String.join(" ", words);
  }

  private List<OptionSpec> options() {
    return command.options().stream().filter(option -> !option.hidden()).toList();
  }

  private void arguments(Roff page) {
    page.section("OPTIONS");
    command.positionalParameters().stream()
        .filter(each -> !each.hidden())
        .forEach(each -> page.term(italic(value(each).strip()), meaning(each)));
    options().forEach(option -> page.term(names(option, List.of(option.names())), meaning(option)));
  }

  private String names(OptionSpec option, List<String> shown) {
    String value = value(option);
    boolean letter = shown.get(shown.size() - 1).length() == 2; // a letter has its value apart
    return shown.stream().map(Roff::bold).collect(Collectors.joining(", "))
        + italic(letter && value.startsWith("=") ? " " + value.substring(1) : value);
  }

  /* What stands behind an option's name, or for a positional parameter. */
  private String value(ArgSpec argument) {
    if (argument.hideParamSyntax()) {
      return (argument.isOption() ? "=" : "") + argument.paramLabel();
    }
    return plain(values.renderParameterLabel(argument, Ansi.OFF, List.of()).toString());
  }

  private static List<String> meaning(ArgSpec argument) {
    return Arrays.stream(argument.description()).map(ManPage::plain).toList();
  }

  private void subcommands(Roff page) {
    List<CommandSpec> below = below(command);
    if (below.isEmpty()) {
      return;
    }
    page.section("COMMANDS");
    for (CommandSpec each : below) {
      ManPage other = new ManPage(each);
      List<String> said = other.description();
      page.term(
          bold(name + " " + each.name()),
          List.of((said.isEmpty() ? "" : said.get(0) + " ") + "See " + other.name + "(1)."));
    }
  }

  private static void terms(Roff page, String section, List<String> terms) {
    if (!terms.isEmpty()) {
      page.section(section);
      for (int i = 0; i < terms.size(); i += 2) {
        page.term(bold(terms.get(i)), List.of(terms.get(i + 1)));
      }
    }
  }

  private String seeAlso(Collection<String> all) {
    Stream<String> ours = all.stream().filter(each -> !each.equals(name)).map(each -> each + "(1)");
    return Stream.concat(ours, OTHERS.getOrDefault(name, List.of()).stream())
        .map(
            each -> {
              int section = each.indexOf('(');
              return bold(each.substring(0, section)) + each.substring(section);
            })
        .collect(Collectors.joining(",\n"));
  }

  /* Without picocli's marks for colours and line ends. */
  private static String plain(String text) {
    return Ansi.OFF.string(text.replace("%n", "\n"));
  }
}
