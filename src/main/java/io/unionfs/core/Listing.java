package io.unionfs.core;

import io.unionfs.sys.Name;

/*
 * An entry's position is a hash of its name, and entries are in the order of their positions. So a
 * position means the same in every listing of a directory, whatever came and went in between: who reads
 * on after one neither misses nor repeats an entry that was there all the time. Two names with one hash
 * of 62 bits get neighbouring positions; only if one of the two is removed between two parts of a
 * reading could the other be missed.
 */
/**
 * An immutable snapshot of a merged directory's entries, the first two being "." and "..". A handle
 * that keeps one can be read from any offset while the directory changes, and neither skips nor
 * repeats an entry.
 */
public final class Listing {
  private final byte[] heap;
  private final int[] ends;
  private final long[] inos;
  private final byte[] types;
  private final int[] order;
  private final long[] positions;

  /** Takes over the arrays of {@link ListingBuilder}; {@code order} and what follows are sorted. */
  Listing(byte[] heap, int[] ends, long[] inos, byte[] types, int[] order, long[] positions) {
    this.heap = heap;
    this.ends = ends;
    this.inos = inos;
    this.types = types;
    this.order = order;
    this.positions = positions;
  }

  /** The number of entries. */
  public int size() {
    return order.length;
  }

  /** The name of entry {@code i}. */
  public Name name(int i) {
    int entry = order[i];
    int start = entry == 0 ? 0 : ends[entry - 1];
    return Name.of(heap, start, ends[entry] - start);
  }

  /** The inode number of entry {@code i}, equal to {@code st_ino}; never 0. */
  public long ino(int i) {
    return inos[order[i]];
  }

  /** The type of entry {@code i}, one of the {@code DT_} constants. */
  public int type(int i) {
    return types[order[i]];
  }

  /**
   * The directory offset that reading on after entry {@code i} begins with: positive, and the same
   * in every listing of a process.
   */
  public long position(int i) {
    return positions[i];
  }

  /** The first entry after an offset; 0 is before the first. */
  public int indexAfter(long position) {
    int low = 0;
    int high = positions.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (positions[middle] <= position) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
