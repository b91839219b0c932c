package io.unionfs.cli;

import io.unionfs.cli.OptionWords.Word;
import io.unionfs.cli.log.Level;
import io.unionfs.cli.log.LogOutput;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What options say of the log. */
final class LogWords {
  private static final String JOURNAL = "journal";
  private static final String DESCRIPTORS = "/dev/fd/";
  private static final int MOST_LINKS = 40; // path_resolution(7)

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

  /* As the mount table will have it: what a link leads to is mounted on. Nothing else is looked at, because a
  mount point may be dead. */
  private static String shown(String mountPoint) throws IOException {
    if (mountPoint.startsWith(DESCRIPTORS)) {
      return mountPoint;
    }
    try {
      Sys sys = Sys.linux();
      String path = MountPath.of(sys, MountPath.current(sys), mountPoint);
      for (int links = 0; links < MOST_LINKS; links++) {
        String link = linkAt(sys, path);
        if (link.isEmpty()) {
          break;
        }
        path = MountPath.of(sys, path.substring(0, path.lastIndexOf('/')), link);
      }
      return path;
    } catch (ErrnoException e) {
      throw new IOException("the current directory: " + Errno.message(e.errno()), e);
    }
  }

  private static String linkAt(Sys sys, String path) {
    try {
      byte[] link = sys.readlinkat(Linux.AT_FDCWD, Name.of(RawArguments.bytes(path)));
      return new String(link, StandardCharsets.ISO_8859_1);
    } catch (ErrnoException e) {
      return ""; // no link
    }
  }
}
