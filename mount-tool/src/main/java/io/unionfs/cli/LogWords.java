package io.unionfs.cli;

import io.unionfs.cli.OptionWords.Word;
import io.unionfs.cli.log.Level;
import io.unionfs.cli.log.LogOutput;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What options say of the log. */
final class LogWords {
  private static final String JOURNAL = "journal";
  private static final String DESCRIPTORS = "/dev/fd/";

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
   * @param mountPoint which the entries of a journal name, as it was given
   * @throws IllegalArgumentException if a file and the journal were asked for
   * @throws IOException if it cannot be opened; the message is for the user
   */
  void open(Level usual, String mountPoint) throws IOException {
    Level wanted = level == null ? usual : level;
    String path = file;
    if (journal && path != null) {
      throw new IllegalArgumentException(
          "the log goes to the journal or to a file, not to both: log=journal, log_file="
              + RawArguments.show(path));
    }
    if (journal) {
      LogOutput.openJournal(wanted, RawArguments.bytes(shown(mountPoint)));
    } else if (path != null) {
      LogOutput.openFile(wanted, RawArguments.bytes(path));
    } else {
      LogOutput.openStderr(wanted);
    }
  }

  /* As the mount table will have it. */
  private static String shown(String mountPoint) throws IOException {
    if (mountPoint.startsWith(DESCRIPTORS)) {
      return mountPoint;
    }
    try {
      Sys sys = Sys.linux();
      return MountPath.of(sys, MountPath.current(sys), mountPoint);
    } catch (ErrnoException e) {
      throw new IOException("the current directory: " + Errno.message(e.errno()), e);
    }
  }
}
