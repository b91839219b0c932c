package io.unionfs.core;

/**
 * Figures of a mount.
 *
 * @param lookupHits lookups that the cache answered
 * @param lookupMisses lookups for which layers were asked
 * @param lookupEntries names in the cache, roughly
 */
public record Statistics(long lookupHits, long lookupMisses, long lookupEntries) {
  /** The share of lookups that the cache answered, 0 to 1. */
  public double hitRate() {
    long all = lookupHits + lookupMisses;
    return all == 0 ? 0 : (double) lookupHits / all;
  }
}
