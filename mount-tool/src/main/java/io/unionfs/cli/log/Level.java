package io.unionfs.cli.log;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How much is logged, from least to most. */
public enum Level {
  ERROR,
  WARN,
  INFO,
  DEBUG,
  TRACE;

  /** The name that options use. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The level of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Level parse(String key) {
    for (Level level : values()) {
      if (level.key().equals(key)) {
        return level;
      }
    }
    throw new IllegalArgumentException(
        "log level \""
            + key
            + "\" is unknown; there are "
            + Arrays.stream(values()).map(Level::key).collect(Collectors.joining(", ")));
  }
}
