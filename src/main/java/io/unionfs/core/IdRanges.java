package io.unionfs.core;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * User or group ids on disk, and how each is shown; as {@code uidmapping=} of fuse-overlayfs says
 * it. Ids are unsigned.
 */
public final class IdRanges {
  private static final long MOST_IDS = 1L << 32;
  private static final int FIELDS = 3;

  /** Ids that follow each other on both sides. */
  private record Range(long stored, long shown, long count) {
    boolean meets(Range other) {
      return overlap(stored, count, other.stored, other.count)
          || overlap(shown, count, other.shown, other.count);
    }

    private static boolean overlap(long a, long lengthOfA, long b, long lengthOfB) {
      return a < b + lengthOfB && b < a + lengthOfA;
    }
  }

  private final List<Range> ranges;

  private IdRanges(List<Range> ranges) {
    this.ranges = List.copyOf(ranges);
  }

  /**
   * Reads {@code STORED:SHOWN:COUNT[:STORED:SHOWN:COUNT...]}; empty fields are skipped.
   *
   * @param what what the text is called in messages
   * @throws IllegalArgumentException if it is no such list or an id is mapped twice; the message
   *     names the field
   */
  public static IdRanges parse(String what, String text) {
    List<Long> numbers = new ArrayList<>();
    for (String field : text.split(":", -1)) {
      if (!field.isEmpty()) {
        numbers.add(number(what, field, numbers.size()));
      }
    }
    if (numbers.isEmpty() || numbers.size() % FIELDS != 0) {
      throw new IllegalArgumentException(
          what + " " + text + ": must be STORED:SHOWN:COUNT, once or several times");
    }
    List<Range> ranges = new ArrayList<>();
    for (int i = 0; i < numbers.size(); i += FIELDS) {
      Range range = new Range(numbers.get(i), numbers.get(i + 1), numbers.get(i + 2));
      requireSound(what, range, ranges);
      ranges.add(range);
    }
    return new IdRanges(ranges);
  }

  private static long number(String what, String field, int position) {
    try {
      long value = Long.parseLong(field);
      if (value >= 0 && value < MOST_IDS && field.charAt(0) != '+') {
        return value;
      }
    } catch (NumberFormatException e) {
      throw notAnId(what, field, position);
    }
    throw notAnId(what, field, position);
  }

  private static IllegalArgumentException notAnId(String what, String field, int position) {
    return new IllegalArgumentException(
        what + ": field " + (position + 1) + " must be a number from 0 to 4294967295: " + field);
  }

  private static void requireSound(String what, Range range, List<Range> before) {
    String shown = range.stored + ":" + range.shown + ":" + range.count;
    // the last id is no id: (uid_t) -1
    if (range.count == 0
        || range.stored + range.count >= MOST_IDS
        || range.shown + range.count >= MOST_IDS) {
      throw new IllegalArgumentException(
          what + ": the count of " + shown + " must be positive and end at 4294967294");
    }
    for (Range other : before) {
      if (range.meets(other)) {
        throw new IllegalArgumentException(
            what + ": " + shown + " maps ids that are mapped before");
      }
    }
  }

  /** How an id on disk is shown; empty if the ranges do not have it. */
  OptionalInt shown(int stored) {
    long id = Integer.toUnsignedLong(stored);
    for (Range range : ranges) {
      if (id >= range.stored && id < range.stored + range.count) {
        return OptionalInt.of((int) (range.shown + id - range.stored));
      }
    }
    return OptionalInt.empty();
  }

  /** Which id on disk is shown so; empty if none is. */
  OptionalInt stored(int shown) {
    long id = Integer.toUnsignedLong(shown);
    for (Range range : ranges) {
      if (id >= range.shown && id < range.shown + range.count) {
        return OptionalInt.of((int) (range.stored + id - range.shown));
      }
    }
    return OptionalInt.empty();
  }
}
