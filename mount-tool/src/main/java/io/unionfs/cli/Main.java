package io.unionfs.cli;

import io.unionfs.cli.log.LogOutput;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program: its first argument says as which command it was called. */
public final class Main {
  static final int FAILED = 1;
  static final int USAGE = 2;
  private static final String MOUNT = "unionfs-mount";

  private Main() {}

  public static void main(String[] decoded) throws IOException {
    HeadStart.begin();
    String[] all = RawArguments.of(decoded);
    String program = all.length == 0 ? "unionfs" : all[0];
    String[] arguments = all.length == 0 ? all : Arrays.copyOfRange(all, 1, all.length);
    CommandLine line =
        program.equals(MOUNT) ? commandLine(program) : prepared(UnionfsCommand.lineFor(arguments));
    int status = line.execute(arguments);
    line.getOut().flush();
    System.out.flush();
    StatusPipe.report(status);
    System.exit(status);
  }

  /** The command of that name, {@code unionfs-mount} or {@code unionfs}. */
  public static CommandLine commandLine(String program) {
    return prepared(program.equals(MOUNT) ? MountLine.command() : UnionfsCommand.line());
  }

  private static CommandLine prepared(CommandLine line) {
    line.setOut(utf8(System.out)); // names are shown in it, whatever the locale says
    line.setErr(utf8(System.err));
    line.setExpandAtFiles(false);
    line.setUsageHelpAutoWidth(true);
    line.setTrimQuotes(false);
    line.setUnmatchedOptionsArePositionalParams(false);
    line.setParameterExceptionHandler(Main::usageError);
    line.setExecutionExceptionHandler(failure());
    return line;
  }

  private static PrintWriter utf8(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
  }

  private static int usageError(ParameterException e, String[] arguments) {
    CommandLine line = e.getCommandLine();
    PrintWriter err = line.getErr();
    err.println(
        line.getCommandSpec().qualifiedName()
            + ": "
            + RawArguments.show(String.valueOf(e.getMessage())));
    UnmatchedArgumentException.printSuggestions(e, err);
    err.println("Try '" + line.getCommandSpec().qualifiedName() + " --help'.");
    err.flush();
    return USAGE;
  }

  private static IExecutionExceptionHandler failure() {
    return (e, line, parsed) -> {
      PrintWriter err = line.getErr();
      boolean expected = e instanceof IOException || e instanceof IllegalArgumentException;
      String message = e.getMessage();
      err.println(
          line.getCommandSpec().qualifiedName()
              + ": "
              + (expected && message != null ? message : e.toString()));
      if (LogOutput.isDebug() || !expected) {
        e.printStackTrace(err);
      }
      err.flush();
      return e instanceof IllegalArgumentException ? USAGE : FAILED;
    };
  }
}
