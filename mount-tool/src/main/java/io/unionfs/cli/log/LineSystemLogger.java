package io.unionfs.cli.log;

import java.text.MessageFormat;
import java.util.MissingResourceException;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/** A logger of {@code java.lang.System} that writes one line for each event. */
final class LineSystemLogger implements System.Logger {
  private final String name;

  LineSystemLogger(String name) {
    this.name = name;
  }

  @Override
  public String getName() {
    return name;
  }

  @Override
  public boolean isLoggable(Level level) {
    return level != Level.OFF && LogOutput.isEnabled(ours(level));
  }

  @Override
  public void log(
      Level level,
      @Nullable ResourceBundle bundle,
      @Nullable String message,
      @Nullable Throwable cause) {
    if (isLoggable(level)) {
      write(level, translated(bundle, message), cause);
    }
  }

  @Override
  public void log(
      Level level,
      @Nullable ResourceBundle bundle,
      @Nullable String format,
      @Nullable Object @Nullable ... parameters) {
    if (isLoggable(level)) {
      write(level, filled(translated(bundle, format), parameters), null);
    }
  }

  private void write(Level level, String message, @Nullable Throwable cause) {
    LogOutput.write(new LogEvent(ours(level), name, message, cause));
  }

  /* ALL is what even the most talkative logger says. */
  private static io.unionfs.cli.log.Level ours(Level level) {
    return switch (level) {
      case OFF, ERROR -> io.unionfs.cli.log.Level.ERROR;
      case WARNING -> io.unionfs.cli.log.Level.WARN;
      case INFO -> io.unionfs.cli.log.Level.INFO;
      case DEBUG -> io.unionfs.cli.log.Level.DEBUG;
      case TRACE, ALL -> io.unionfs.cli.log.Level.TRACE;
    };
  }

  private static String translated(@Nullable ResourceBundle bundle, @Nullable String message) {
    if (bundle == null || message == null) {
      return String.valueOf(message);
    }
    try {
      return bundle.getString(message);
    } catch (MissingResourceException | ClassCastException e) {
      return message; // as System.Logger says
    }
  }

  private static String filled(String format, @Nullable Object @Nullable [] parameters) {
    if (parameters == null || parameters.length == 0) {
      return format;
    }
    try {
      return MessageFormat.format(format, parameters);
    } catch (IllegalArgumentException e) {
      return format; // a message is worth more than its form
    }
  }
}
