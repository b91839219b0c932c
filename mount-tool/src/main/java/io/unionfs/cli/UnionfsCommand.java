package io.unionfs.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code unionfs}: the commands around a union. */
@Command(
    name = "unionfs",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    header = "Unions of directories: mount, unmount, look.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      UnionfsCommand.Mount.class,
      UmountCommand.class,
      RemountCommand.class,
      ListCommand.class,
      StatsCommand.class,
      WhichCommand.class,
      DiffCommand.class,
      DiscardCommand.class,
      FsckCommand.class,
      CommitCommand.class,
      ApplyCommand.class,
      HistoryCommand.class,
      MountImageCommand.class,
      DemoCommand.class,
      HelpCommand.class
    })
final class UnionfsCommand implements Runnable {
  @Spec private @Nullable CommandSpec spec;

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
