package io.unionfs.core;

import io.unionfs.sys.Name;
import java.util.Arrays;

/** The entries of a directory while they are gathered, "." and ".." first. */
final class ListingBuilder {
  private static final NameHash HASH = NameHash.random();
  private static final int DOTS = 2;

  /* What is left of 64 bits for an off_t that is positive also when it is doubled. */
  private static final int POSITION_SHIFT = 2;

  private final NameHash hash;
  private byte[] heap = new byte[512];
  private int heapUsed;
  private int count;
  private int[] ends = new int[16];
  private long[] inos = new long[16];
  private byte[] types = new byte[16];

  ListingBuilder() {
    this(HASH);
  }

  ListingBuilder(NameHash hash) {
    this.hash = hash;
  }

  void add(Name name, long ino, int type) {
    if (count == ends.length) {
      int capacity = count + (count >> 1);
      ends = Arrays.copyOf(ends, capacity);
      inos = Arrays.copyOf(inos, capacity);
      types = Arrays.copyOf(types, capacity);
    }
    int length = name.length();
    if (heap.length - heapUsed < length) {
      heap = Arrays.copyOf(heap, Math.max(heapUsed + length, heap.length + (heap.length >> 1)));
    }
    name.copyTo(heap, heapUsed);
    heapUsed += length;
    ends[count] = heapUsed;
    inos[count] = ino;
    types[count] = (byte) type;
    count++;
  }

  /** The listing; the builder must not be used again. */
  Listing build() {
    long[] hashes = new long[count];
    for (int i = 0; i < count; i++) {
      hashes[i] = i < DOTS ? i + 1 : hash(i);
    }
    long[] positions = hashes.clone();
    Arrays.sort(positions);
    int[] order = new int[count];
    Arrays.fill(order, -1);
    for (int i = 0; i < count; i++) {
      int slot = first(positions, hashes[i]);
      while (order[slot] >= 0) {
        slot++; // another name with the same hash has come here
      }
      order[slot] = i;
    }
    for (int i = 1; i < count; i++) {
      if (positions[i] <= positions[i - 1]) {
        positions[i] = positions[i - 1] + 1;
      }
    }
    return new Listing(heap, ends, inos, types, order, positions);
  }

  private long hash(int i) {
    int start = ends[i - 1];
    return Math.max(DOTS + 1, hash.hash(heap, start, ends[i] - start) >>> POSITION_SHIFT);
  }

  private static int first(long[] sorted, long value) {
    int at = Arrays.binarySearch(sorted, value);
    while (at > 0 && sorted[at - 1] == value) {
      at--;
    }
    return at;
  }
}
