package io.unionfs.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The small languages of mount options: lists of directories, and words behind {@code -o}. */
final class OptionWords {
  private OptionWords() {}

  /**
   * A word of an option string.
   *
   * @param value what stands behind {@code =}, null where there is none
   */
  record Word(String key, @Nullable String value) {
    @Override
    public String toString() {
      return value == null ? key : key + "=" + value;
    }
  }

  /** Directories separated by {@code :}, where a backslash keeps a {@code :} or backslash. */
  static List<String> directories(String list) {
    return split(list, ':', false);
  }

  /**
   * Words separated by {@code ,}. A comma inside double quotes or behind a backslash does not
   * separate; empty words are skipped, as mount(8) and container engines leave them.
   */
  static List<Word> words(String options) {
    List<Word> words = new ArrayList<>();
    for (String part : split(options, ',', true)) {
      if (part.isEmpty()) {
        continue;
      }
      int equals = part.indexOf('=');
      words.add(
          equals < 0
              ? new Word(part, null)
              : new Word(part.substring(0, equals), part.substring(equals + 1)));
    }
    return words;
  }

  private static List<String> split(String text, char separator, boolean quotes) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      char next = i + 1 < text.length() ? text.charAt(i + 1) : 0;
      if (c == '\\' && (next == separator || (next == '\\' && !quotes))) {
        part.append(next);
        i++;
      } else if (quotes && c == '"') {
        quoted = !quoted;
      } else if (c == separator && !quoted) {
        parts.add(part.toString());
        part.setLength(0);
      } else {
        part.append(c);
      }
    }
    parts.add(part.toString());
    return parts;
  }
}
