package io.unionfs.cli.log;

import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/** A logger that writes one line for each event. */
final class LineLogger extends LegacyAbstractLogger {
  LineLogger(String name) {
    this.name = name;
  }

  @Override
  public boolean isTraceEnabled() {
    return LogOutput.isEnabled(Level.TRACE);
  }

  @Override
  public boolean isDebugEnabled() {
    return LogOutput.isEnabled(Level.DEBUG);
  }

  @Override
  public boolean isInfoEnabled() {
    return LogOutput.isEnabled(Level.INFO);
  }

  @Override
  public boolean isWarnEnabled() {
    return LogOutput.isEnabled(Level.WARN);
  }

  @Override
  public boolean isErrorEnabled() {
    return LogOutput.isEnabled(Level.ERROR);
  }

  @Override
  protected @Nullable String getFullyQualifiedCallerName() {
    return null;
  }

  @Override
  protected void handleNormalizedLoggingCall(
      org.slf4j.event.Level level,
      @Nullable Marker marker,
      String pattern,
      Object @Nullable [] arguments,
      @Nullable Throwable cause) {
    LogOutput.write(
        new LogEvent(
            Level.valueOf(level.name()),
            name,
            MessageFormatter.basicArrayFormat(pattern, arguments),
            cause));
  }
}
