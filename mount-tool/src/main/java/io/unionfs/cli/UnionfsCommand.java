package io.unionfs.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/*
 * To read the model of all commands takes longer than what most of them do: where the line names one, it is the only
 * one that is made.
 */
/** {@code unionfs}: the commands around a union. */
@Command(
    name = "unionfs",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    header = "Unions of directories: mount, unmount, look.",
    synopsisSubcommandLabel = "COMMAND")
final class UnionfsCommand implements Runnable {
  /* In the order of the help. */
  private static final List<String> COMMANDS =
      List.of(
          "mount",
          "umount",
          "remount",
          "list",
          "stats",
          "which",
          "diff",
          "discard",
          "fsck",
          "commit",
          "apply",
          "history",
          "mount-image",
          "demo",
          "help");

  @Spec private @Nullable CommandSpec spec;

  /** The program with all its commands. */
  static CommandLine line() {
    CommandLine line = new CommandLine(new UnionfsCommand());
    for (String name : COMMANDS) {
      line.addSubcommand(name, command(name));
    }
    return line;
  }

  /** As much of the program as is needed to run a line. */
  static CommandLine lineFor(String... arguments) {
    String first = arguments.length == 0 ? "help" : arguments[0];
    return first.equals("help") || !COMMANDS.contains(first)
        ? line()
        : new CommandLine(new UnionfsCommand()).addSubcommand(first, command(first));
  }

  private static Object command(String name) {
    return switch (name) {
      case "mount" -> new Mount();
      case "umount" -> new UmountCommand();
      case "remount" -> new RemountCommand();
      case "list" -> new ListCommand();
      case "stats" -> new StatsCommand();
      case "which" -> new WhichCommand();
      case "diff" -> new DiffCommand();
      case "discard" -> new DiscardCommand();
      case "fsck" -> new FsckCommand();
      case "commit" -> new CommitCommand();
      case "apply" -> new ApplyCommand();
      case "history" -> new HistoryCommand();
      case "mount-image" -> new MountImageCommand();
      case "demo" -> new DemoCommand();
      case "help" -> new HelpCommand();
      default -> throw new IllegalArgumentException(name);
    };
  }

  @Override
  public void run() {
    CommandSpec known = spec;
    CommandLine line = known == null ? new CommandLine(this) : known.commandLine();
    throw new ParameterException(line, "a command is missing");
  }

  /** {@code unionfs mount}: the launcher turns it into {@code unionfs-mount}; this is its help. */
  @Command(name = "mount", description = "Mounts a union: the same as unionfs-mount.")
  static final class Mount implements Runnable {
    @Override
    public void run() {
      MountLine.command().usage(System.out);
    }
  }
}
