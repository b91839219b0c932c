package io.unionfs.cli.doc;

import io.unionfs.cli.Main;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The program that the build makes man pages and completion with. */
public final class Documentation {
  private static final List<String> PROGRAMS = List.of("unionfs", "unionfs-mount");

  /* By their labels: the values that the shell completes as names of files. */
  private static final Pattern FILE =
      Pattern.compile("\\b(DIR|FILE|PATH|MOUNTPOINT|LAYER|LOWER|UPPER|WORK|ARCHIVE)\\b");

  private Documentation() {}

  /**
   * Writes {@code man/*.1}, {@code completion/*} for bash, and {@code zsh/_unionfs}.
   *
   * @param arguments a directory, the version, and the date of the pages, which is year, month, day
   */
  public static void main(String[] arguments) throws IOException {
    Path man = Files.createDirectories(Path.of(arguments[0], "man"));
    Path completion = Files.createDirectories(Path.of(arguments[0], "completion"));
    String date = arguments[2].substring(0, "2026-01-01".length());
    for (Map.Entry<String, String> page : pages("unionfs " + arguments[1], date).entrySet()) {
      Files.writeString(man.resolve(page.getKey()), page.getValue());
    }
    for (String program : PROGRAMS) {
      Files.writeString(completion.resolve(program), completion(program));
    }
    Path zsh = Files.createDirectories(Path.of(arguments[0], "zsh"));
    Files.writeString(zsh.resolve("_unionfs"), zshCompletion());
  }

  /** The man pages by the names of their files. */
  static Map<String, String> pages(String version, String date) {
    Map<String, CommandSpec> commands = new TreeMap<>();
    for (String program : PROGRAMS) {
      collect(command(program).getCommandSpec(), commands);
    }
    Map<String, String> pages = new TreeMap<>();
    for (CommandSpec command : commands.values()) {
      ManPage page = new ManPage(command);
      pages.put(page.fileName(), page.render(commands.keySet(), version, date));
    }
    return pages;
  }

  private static void collect(CommandSpec command, Map<String, CommandSpec> commands) {
    commands.put(ManPage.nameOf(command), command);
    ManPage.below(command).forEach(each -> collect(each, commands));
  }

  /** The completion of a program for bash, and for zsh as bash. */
  static String completion(String program) {
    CommandLine command = command(program);
    if (program.equals("unionfs")) {
      // what the launcher makes of it
      CommandSpec spec = command.getCommandSpec();
      spec.removeSubcommand("mount");
      spec.addSubcommand("mount", command("unionfs-mount"));
    }
    nameFiles(command.getCommandSpec());
    String script = AutoComplete.bash(program, command);
    return script.substring(script.indexOf('\n') + 1); // it is read, not run
  }

  /*
   * Loaded when one of the programs is completed first: the scripts for bash, which take over from there, and
   * what they would have said this time. They turn on what they need of zsh by themselves.
   */
  /** The completion of all programs for zsh. */
  static String zshCompletion() {
    StringBuilder text = new StringBuilder("#compdef " + String.join(" ", PROGRAMS) + "\n");
    for (String program : PROGRAMS) {
      text.append(completion(program)).append('\n');
    }
    return text.append("_bash_complete -o default -F _complete_$service\n").toString();
  }

  private static void nameFiles(CommandSpec command) {
    for (ArgSpec argument : new ArrayList<>(command.args())) {
      if (argument.typeInfo().isBoolean() || !FILE.matcher(argument.paramLabel()).find()) {
        continue;
      }
      command.remove(argument);
      if (argument instanceof OptionSpec option) {
        command.addOption(
            OptionSpec.builder(option.names())
                .arity("1")
                .type(File.class)
                .hidden(option.hidden())
                .build());
      } else if (argument instanceof PositionalParamSpec positional) {
        command.addPositional(
            PositionalParamSpec.builder()
                .index(positional.index().toString())
                .arity(positional.arity().toString())
                .type(File.class)
                .hidden(positional.hidden())
                .build());
      }
    }
    command.subcommands().values().forEach(each -> nameFiles(each.getCommandSpec()));
  }

  private static CommandLine command(String program) {
    return Main.commandLine(program);
  }
}
