package io.unionfs.cli;

import io.unionfs.sys.OwnProcess;
import picocli.CommandLine.Option;

/** How a command that lists something prints it. */
final class OutputOptions {
  private static final int STDOUT = 1;

  @Option(names = "--json", description = "One JSON object a line, as docs/LAYERS.md describes.")
  private boolean json;

  @Option(
      names = "--no-color",
      description = "No colours on a terminal; also where NO_COLOR is set.")
  private boolean noColor;

  /** Whether JSON is asked for. */
  boolean json() {
    return json;
  }

  /** Standard output, to be closed by the caller. */
  Output open() {
    String unwanted = System.getenv("NO_COLOR");
    boolean terminal = OwnProcess.isTerminal(STDOUT);
    boolean colors = terminal && !noColor && (unwanted == null || unwanted.isEmpty());
    return new Output(System.out, terminal, colors && !json);
  }
}
