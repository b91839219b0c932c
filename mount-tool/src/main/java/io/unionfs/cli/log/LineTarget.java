package io.unionfs.cli.log;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;

/** A descriptor that gets text: one write(2) a line, so lines of several threads do not mix. */
final class LineTarget implements LogTarget {
  static final LineTarget STDERR = new LineTarget(2);

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS");

  /* Read at start: the files of time zones may lie under the mount point. */
  private static final ZoneId ZONE = ZoneId.systemDefault();

  private final int fd;

  static void readTimeZone() {
    // the initializer has done so
  }

  LineTarget(int fd) {
    this.fd = fd;
  }

  @Override
  public void write(LogEvent event) throws ErrnoException {
    String logger = event.logger();
    StringBuilder text = new StringBuilder();
    text.append(TIME.format(LocalDateTime.now(ZONE)))
        .append(' ')
        .append(event.level().name())
        .append(' ')
        .append(logger, logger.lastIndexOf('.') + 1, logger.length())
        .append(": ")
        .append(event.text());
    if (event.cause() != null && LogOutput.isDebug()) {
      text.append(System.lineSeparator()).append(event.trace());
    }
    text.append(System.lineSeparator());
    Sys.linux().write(fd, text.toString().getBytes(StandardCharsets.UTF_8));
  }
}
