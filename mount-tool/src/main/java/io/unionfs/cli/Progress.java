package io.unionfs.cli;

import io.unionfs.sys.OwnProcess;
import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/*
 * No thread of its own: who works says what is done, and a line is written when the last one is old
 * enough. One that appears only after a while does not flicker where the work is short.
 */
/** How far long work has come, on standard error if that is a terminal; else nothing. */
final class Progress implements AutoCloseable {
  /** A total that nobody knows. */
  static final long UNKNOWN = -1;

  private static final int STDERR = 2;
  private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final double NANOS = 1e9;
  private static final int SECONDS = 60;
  private static final String CLEAR = "\r\033[K";
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  private static final int UNIT = 1024;

  private final PrintStream target;
  private final boolean shown;
  private final String what;
  private final long totalBytes;
  private final long start = System.nanoTime();
  private long next = start + FIRST_NANOS;
  private boolean written;
  private long bytes;
  private long entries;

  /**
   * @param what is done, in one word or two
   * @param totalBytes how many bytes there will be, or {@link #UNKNOWN}
   */
  Progress(String what, long totalBytes) {
    this(System.err, OwnProcess.isTerminal(STDERR), what, totalBytes);
  }

  Progress(PrintStream target, boolean shown, String what, long totalBytes) {
    this.target = target;
    this.shown = shown;
    this.what = what;
    this.totalBytes = totalBytes;
  }

  /** Says what has been done since the last call. */
  void add(long moreEntries, long moreBytes) {
    entries += moreEntries;
    bytes += moreBytes;
    if (shown) {
      long now = System.nanoTime();
      if (now - next >= 0) {
        next = now + PAUSE_NANOS;
        written = true;
        target.print(CLEAR + line(now - start));
        target.flush();
      }
    }
  }

  /** The line after some time. */
  String line(long nanos) {
    StringBuilder line = new StringBuilder(what).append(": ").append(entries).append(" entries");
    if (bytes > 0) {
      double rate = bytes / (nanos / NANOS);
      line.append(", ").append(size(bytes));
      if (totalBytes > 0) {
        line.append(" of ").append(size(totalBytes));
      }
      line.append(", ").append(size((long) rate)).append("/s");
      if (totalBytes > bytes && rate > 0) {
        line.append(", ").append(time((long) ((totalBytes - bytes) / rate))).append(" left");
      }
    } else if (nanos > 0) {
      line.append(", ").append((long) (entries / (nanos / NANOS))).append("/s");
    }
    return line.toString();
  }

  /** A number of bytes for people. */
  static String size(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= UNIT && unit < UNITS.length - 1) {
      value /= UNIT;
      unit++;
    }
    return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
  }

  private static String time(long seconds) {
    return String.format(Locale.ROOT, "%d:%02d", seconds / SECONDS, seconds % SECONDS);
  }

  /** Takes the line away until the next one is due, so that something else can be printed. */
  void clear() {
    if (written) {
      target.print(CLEAR);
      target.flush();
      written = false;
    }
  }

  @Override
  public void close() {
    clear();
  }
}
