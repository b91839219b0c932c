package io.unionfs.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The small languages of mount options: lists of directories, and words behind {@code -o}. */
final class OptionWords {
  private static final Set<String> PATHS = Set.of("lowerdir", "upperdir", "workdir");

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
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    for (int i = 0; i < list.length(); i++) {
      char c = list.charAt(i);
      char next = i + 1 < list.length() ? list.charAt(i + 1) : 0;
      if (c == '\\' && (next == ':' || next == '\\')) {
        part.append(next);
        i++;
      } else if (c == ':') {
        parts.add(part.toString());
        part.setLength(0);
      } else {
        part.append(c);
      }
    }
    parts.add(part.toString());
    return parts;
  }

  /*
   * Who writes an option string may have escaped nothing: container engines put their paths into it as they
   * are. So what cannot be meant otherwise is taken as it stands: backslashes that stand before neither a comma
   * nor a quote, a quote in the middle of a name, and a comma before what is a path and no option.
   */
  /**
   * Words separated by {@code ,}; empty ones are skipped, as mount(8) and container engines leave
   * them.
   *
   * <p>A comma does not separate inside double quotes, behind a backslash, or in a directory's path
   * where what follows has a slash before any {@code =}. Double quotes are those around a value or
   * one of several that {@code :} separates; others belong to the name, as do those behind a
   * backslash. In a row of backslashes before a comma or a quote two stand for one; elsewhere all
   * stay, for {@link #directories}.
   */
  static List<Word> words(String options) {
    List<Word> words = new ArrayList<>();
    for (String part : parts(options)) {
      if (part.isEmpty()) {
        continue;
      }
      int equals = part.indexOf('=');
      int slash = part.indexOf('/');
      boolean path = slash >= 0 && (equals < 0 || slash < equals);
      Word last = words.isEmpty() ? null : words.get(words.size() - 1);
      if (path && last != null && last.value() != null && PATHS.contains(last.key())) {
        words.set(words.size() - 1, new Word(last.key(), last.value() + "," + part));
      } else {
        words.add(
            equals < 0
                ? new Word(part, null)
                : new Word(part.substring(0, equals), part.substring(equals + 1)));
      }
    }
    return words;
  }

  private static List<String> parts(String text) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      int end = c == '"' ? closing(text, i) : -1;
      if (end >= 0) {
        i = appendPlain(text, i + 1, end, part) + 1;
      } else if (c == ',') {
        parts.add(part.toString());
        part.setLength(0);
        i++;
      } else {
        i = appendPlain(text, i, i + 1, part);
      }
    }
    parts.add(part.toString());
    return parts;
  }

  /* Appends what is no separator up to an end, without the backslashes that keep commas and quotes. */
  private static int appendPlain(String text, int from, int end, StringBuilder part) {
    int i = from;
    while (i < end) {
      int backslashes = backslashes(text, i);
      char next = i + backslashes < text.length() ? text.charAt(i + backslashes) : 0;
      if (backslashes > 0 && (next == ',' || next == '"')) {
        part.append("\\".repeat(backslashes / 2));
        i += backslashes;
        if (backslashes % 2 == 1) {
          part.append(next);
          i++;
        }
      } else {
        part.append(text, i, i + Math.max(backslashes, 1));
        i += Math.max(backslashes, 1);
      }
    }
    return i;
  }

  private static int backslashes(String text, int from) {
    int i = from;
    while (i < text.length() && text.charAt(i) == '\\') {
      i++;
    }
    return i - from;
  }

  /* Where the quotes end that begin at a place, or -1 if what stands there begins none. */
  private static int closing(String text, int opening) {
    if (opening > 0 && "=:,".indexOf(text.charAt(opening - 1)) < 0) {
      return -1;
    }
    int i = opening + 1;
    while (i < text.length()) {
      int backslashes = backslashes(text, i);
      i += backslashes;
      if (i < text.length() && text.charAt(i) == '"' && backslashes % 2 == 0) {
        return i + 1 == text.length() || ":,".indexOf(text.charAt(i + 1)) >= 0 ? i : -1;
      }
      i++;
    }
    return -1;
  }
}
