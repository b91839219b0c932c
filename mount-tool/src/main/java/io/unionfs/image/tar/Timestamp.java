package io.unionfs.image.tar;

import org.jspecify.annotations.Nullable;

/**
 * A time as records have it: a decimal fraction of seconds.
 *
 * @param seconds since the epoch, rounded down
 * @param nanos from 0 to 999999999
 */
record Timestamp(long seconds, int nanos) {
  private static final int DIGITS = 9;
  private static final int NANOS = 1_000_000_000;

  /** Reads a value, or takes the seconds of the header where there is none. */
  static Timestamp parse(@Nullable String value, long header) throws TarException {
    if (value == null) {
      return new Timestamp(header, 0);
    }
    boolean negative = value.startsWith("-");
    String[] parts = (negative ? value.substring(1) : value).split("\\.", 2);
    long seconds = PaxRecords.decimal(parts[0], Long.MAX_VALUE >> 1);
    int nanos = 0;
    if (parts.length == 2 && !parts[1].isEmpty()) {
      String digits = (parts[1] + "0".repeat(DIGITS)).substring(0, DIGITS);
      nanos = (int) PaxRecords.decimal(digits, NANOS - 1);
    }
    if (!negative) {
      return new Timestamp(seconds, nanos);
    }
    return nanos == 0 ? new Timestamp(-seconds, 0) : new Timestamp(-seconds - 1, NANOS - nanos);
  }

  /** The value without needless digits. */
  String format() {
    boolean negative = seconds < 0;
    long whole = negative && nanos > 0 ? -seconds - 1 : Math.abs(seconds);
    int fraction = negative && nanos > 0 ? NANOS - nanos : nanos;
    String text = (negative ? "-" : "") + whole;
    if (fraction == 0) {
      return text;
    }
    String digits = String.valueOf(NANOS + fraction).substring(1);
    return text + "." + digits.replaceAll("0+$", "");
  }
}
