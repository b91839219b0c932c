package io.unionfs.statistics;

/**
 * A cache of the server. Sizes are estimates, and {@link #UNKNOWN} where they are not kept.
 *
 * @param name what it holds
 * @param hits how often it had what was asked for
 * @param misses how often it had not
 * @param entries how many things are in it
 * @param bytes how much memory they are taken to have
 * @param limit how much it may have: bytes where those are known, else entries
 */
public record CacheFigures(
    String name, long hits, long misses, long entries, long bytes, long limit) {
  /** Where a size is not kept. */
  public static final long UNKNOWN = -1;

  /** The share of what was asked for that it had, 0 to 1. */
  public double hitRate() {
    long all = hits + misses;
    return all == 0 ? 0 : (double) hits / all;
  }
}
