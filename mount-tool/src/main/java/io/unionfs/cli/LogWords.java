package io.unionfs.cli;

import io.unionfs.cli.OptionWords.Word;
import io.unionfs.cli.log.Level;
import io.unionfs.cli.log.LogOutput;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What options say of the log. */
final class LogWords {
  private static final String JOURNAL = "journal";

  private @Nullable Level level;
  private @Nullable String file;
  private boolean journal;

  /** Takes a word that is about the log; false for any other. */
  boolean take(Word word) {
    switch (word.key()) {
      case "log" -> journal = isJournal(word);
      case "log_file" -> file = MountWords.required(word);
      case "log_level" -> level = Level.parse(MountWords.required(word));
      default -> {
        return false;
      }
    }
    return true;
  }

  private static boolean isJournal(Word word) {
    String value = MountWords.required(word);
    if (!value.equals(JOURNAL)) {
      throw new IllegalArgumentException(
          "log target \""
              + RawArguments.show(value)
              + "\" is unknown; there is journal, and log_file=FILE for a file");
    }
    return true;
  }

  /**
   * Opens the log that was asked for.
   *
   * @param usual how much is logged where nothing says so
   * @param mountPoint which the entries of a journal name, in bytes
   * @throws IllegalArgumentException if a file and the journal were asked for
   * @throws IOException if it cannot be opened; the message is for the user
   */
  void open(Level usual, byte[] mountPoint) throws IOException {
    Level wanted = level == null ? usual : level;
    String path = file;
    if (journal && path != null) {
      throw new IllegalArgumentException(
          "the log goes to the journal or to a file, not to both: log=journal, log_file="
              + RawArguments.show(path));
    }
    if (journal) {
      LogOutput.openJournal(wanted, mountPoint);
    } else if (path != null) {
      LogOutput.openFile(wanted, RawArguments.bytes(path));
    } else {
      LogOutput.openStderr(wanted);
    }
  }
}
