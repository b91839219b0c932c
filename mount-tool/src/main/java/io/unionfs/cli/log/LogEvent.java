package io.unionfs.cli.log;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.jspecify.annotations.Nullable;

/**
 * What is logged at one time.
 *
 * @param logger the name of the class that says it
 */
record LogEvent(Level level, String logger, String message, @Nullable Throwable cause) {
  /** The message and what its cause says, on one line if they have no more. */
  String text() {
    return cause == null ? message : message + ": " + cause;
  }

  /** The cause's stack trace; empty without a cause. */
  String trace() {
    if (cause == null) {
      return "";
    }
    StringWriter text = new StringWriter();
    cause.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
