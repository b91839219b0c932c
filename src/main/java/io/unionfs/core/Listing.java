package io.unionfs.core;

import io.unionfs.sys.Name;
import java.util.Arrays;

/**
 * An immutable snapshot of a merged directory's entries, the first two being "." and "..". A handle
 * that keeps one can be read from any offset while the directory changes, and neither skips nor
 * repeats an entry.
 */
public final class Listing {
  private byte[] heap = new byte[512];
  private int heapUsed;
  private int count;
  private int[] offsets = new int[16];
  private long[] inos = new long[16];
  private byte[] types = new byte[16];

  Listing() {}

  void add(Name name, long ino, int type) {
    if (count == offsets.length) {
      int capacity = count + (count >> 1);
      offsets = Arrays.copyOf(offsets, capacity);
      inos = Arrays.copyOf(inos, capacity);
      types = Arrays.copyOf(types, capacity);
    }
    int length = name.length();
    if (heap.length - heapUsed < length) {
      heap = Arrays.copyOf(heap, Math.max(heapUsed + length, heap.length + (heap.length >> 1)));
    }
    name.copyTo(heap, heapUsed);
    heapUsed += length;
    offsets[count] = heapUsed;
    inos[count] = ino;
    types[count] = (byte) type;
    count++;
  }

  /** The number of entries. */
  public int size() {
    return count;
  }

  /** The name of entry {@code i}. */
  public Name name(int i) {
    int start = i == 0 ? 0 : offsets[i - 1];
    return Name.of(heap, start, offsets[i] - start);
  }

  /** The inode number of entry {@code i}, equal to {@code st_ino}; never 0. */
  public long ino(int i) {
    return inos[i];
  }

  /** The type of entry {@code i}, one of the {@code DT_} constants. */
  public int type(int i) {
    return types[i];
  }
}
