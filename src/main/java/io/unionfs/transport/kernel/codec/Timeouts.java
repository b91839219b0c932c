package io.unionfs.transport.kernel.codec;

/**
 * How long the kernel may keep what a reply says.
 *
 * @param entrySeconds whole seconds for names, {@code entryNanos} the rest
 * @param attrSeconds whole seconds for attributes, {@code attrNanos} the rest
 */
public record Timeouts(long entrySeconds, int entryNanos, long attrSeconds, int attrNanos) {
  /** As good as for ever: 68 years. */
  private static final long ENDLESS = Integer.MAX_VALUE;

  private static final int NANOS = 1_000_000_000;

  /** The same time for names and attributes; negative: as long as the kernel likes. */
  public static Timeouts of(double seconds) {
    if (seconds < 0 || seconds >= ENDLESS) {
      return new Timeouts(ENDLESS, 0, ENDLESS, 0);
    }
    long whole = (long) seconds;
    int nanos = Math.min(NANOS - 1, (int) ((seconds - whole) * NANOS));
    return new Timeouts(whole, nanos, whole, nanos);
  }

  /** The same for names, and no time for attributes. */
  public Timeouts withoutAttributes() {
    return new Timeouts(entrySeconds, entryNanos, 0, 0);
  }

  /** Whether what is kept stays until the kernel drops it. */
  public boolean isEndless() {
    return entrySeconds == ENDLESS;
  }

  /** Whether nothing is kept. */
  public boolean isZero() {
    return entrySeconds == 0 && entryNanos == 0;
  }
}
