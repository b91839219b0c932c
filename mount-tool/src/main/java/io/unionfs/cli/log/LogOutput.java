package io.unionfs.cli.log;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/*
 * The file is opened before the union is mounted, and nothing is opened by path afterwards: the log
 * may lie under the mount point. One write(2) a line, so lines of several threads do not mix.
 */
/** Where log lines go, for the whole process. */
public final class LogOutput {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS");
  private static final int STDERR = 2;
  private static final int NOWHERE = -1;

  /* One object publishes level and target together. */
  private static volatile LogOutput current = new LogOutput(Level.WARN, STDERR);

  /* Read at start: the files of time zones may lie under the mount point. */
  private static final ZoneId ZONE = ZoneId.systemDefault();

  private final Level level;
  private final int fd;

  private LogOutput(Level level, int fd) {
    this.level = level;
    this.fd = fd;
  }

  /**
   * Chooses what is logged and where.
   *
   * @param file a file to append to, its path in bytes; null for standard error
   * @throws IOException if the file cannot be opened
   */
  public static void open(Level level, byte @Nullable [] file) throws IOException {
    int fd = STDERR;
    if (file != null) {
      try {
        fd = Sys.linux().openPath(file, Linux.O_WRONLY | Linux.O_CREAT | Linux.O_APPEND, 0644);
      } catch (ErrnoException e) {
        throw new IOException("log file " + Name.of(file) + ": " + e.getMessage(), e);
      }
    }
    current = new LogOutput(level, fd);
  }

  /** Stops writing to standard error, which is no longer the caller's. */
  public static void leaveTerminal() {
    LogOutput now = current;
    if (now.fd == STDERR) {
      current = new LogOutput(now.level, NOWHERE);
    }
  }

  /** Whether as much is logged as helps to find a bug. */
  public static boolean isDebug() {
    return isEnabled(Level.DEBUG);
  }

  static boolean isEnabled(Level level) {
    LogOutput now = current;
    return now.fd != NOWHERE && level.compareTo(now.level) <= 0;
  }

  static void write(Level level, String logger, String message, @Nullable Throwable cause) {
    LogOutput now = current;
    if (now.fd == NOWHERE) {
      return;
    }
    StringWriter text = new StringWriter();
    text.append(TIME.format(LocalDateTime.now(ZONE)))
        .append(' ')
        .append(level.name())
        .append(' ')
        .append(logger.substring(logger.lastIndexOf('.') + 1))
        .append(": ")
        .append(message);
    if (cause != null) {
      text.append(": ").append(cause.toString());
      if (isDebug()) {
        text.append(System.lineSeparator());
        cause.printStackTrace(new PrintWriter(text));
      }
    }
    text.append(System.lineSeparator());
    try {
      Sys.linux().write(now.fd, text.toString().getBytes(StandardCharsets.UTF_8));
    } catch (ErrnoException e) {
      current = new LogOutput(now.level, NOWHERE); // a full disk or closed pipe: nobody to tell
    }
  }
}
