package io.unionfs.cli.log;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/*
 * What is written to is opened before the union is mounted, and nothing is opened by path afterwards:
 * it may lie under the mount point.
 */
/** Where log lines go, for the whole process. */
public final class LogOutput {
  private static final byte[] JOURNAL = "/run/systemd/journal".getBytes(StandardCharsets.US_ASCII);

  /* One object publishes level and target together. */
  private static volatile LogOutput current = new LogOutput(Level.WARN, LineTarget.STDERR);

  private final Level level;
  private final @Nullable LogTarget target;

  private LogOutput(Level level, @Nullable LogTarget target) {
    this.level = level;
    this.target = target;
  }

  /**
   * Reads the files of time zones, which nothing may do later; calling it is not needed, only its
   * time is.
   */
  public static void readTimeZone() {
    LineTarget.readTimeZone();
  }

  /** Logs to standard error, so much. */
  public static void openStderr(Level level) {
    current = new LogOutput(level, LineTarget.STDERR);
  }

  /**
   * Appends to a file.
   *
   * @param path in bytes
   * @throws IOException if the file cannot be opened
   */
  public static void openFile(Level level, byte[] path) throws IOException {
    try {
      int fd = Sys.linux().openPath(path, Linux.O_WRONLY | Linux.O_CREAT | Linux.O_APPEND, 0644);
      current = new LogOutput(level, new LineTarget(fd));
    } catch (ErrnoException e) {
      throw new IOException("log file " + Name.of(path) + ": " + e.getMessage(), e);
    }
  }

  /**
   * Logs to the journal of systemd.
   *
   * @param mountPoint which its entries name, in bytes
   * @throws IOException if there is no journal
   */
  public static void openJournal(Level level, byte[] mountPoint) throws IOException {
    openJournal(level, JOURNAL, mountPoint);
  }

  static void openJournal(Level level, byte[] directory, byte[] mountPoint) throws IOException {
    current = new LogOutput(level, JournalTarget.open(Sys.linux(), directory, mountPoint));
  }

  /** Stops writing to standard error, which is no longer the caller's. */
  public static void leaveTerminal() {
    LogOutput now = current;
    if (now.target == LineTarget.STDERR) {
      current = new LogOutput(now.level, null);
    }
  }

  /** Says what is still to be said before the process ends. */
  public static void finish() {
    LogTarget target = current.target;
    if (target != null) {
      target.finish();
    }
  }

  /** Whether as much is logged as helps to find a bug. */
  public static boolean isDebug() {
    return isEnabled(Level.DEBUG);
  }

  static boolean isEnabled(Level level) {
    LogOutput now = current;
    return now.target != null && level.compareTo(now.level) <= 0;
  }

  static void write(LogEvent event) {
    LogOutput now = current;
    if (now.target == null) {
      return;
    }
    try {
      now.target.write(event);
    } catch (ErrnoException e) {
      current = new LogOutput(now.level, null); // a full disk or closed pipe: nobody to tell
    }
  }
}
