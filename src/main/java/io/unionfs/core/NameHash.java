package io.unionfs.core;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;

/*
 * SipHash-1-3 (Aumasson and Bernstein) with a random key for each process: nobody outside can make
 * names that collide, which would cost a directory's readers entries.
 */
/** A keyed hash of file names; not final, so that a test can have one that collides. */
class NameHash {
  private final long key0;
  private final long key1;

  NameHash(long key0, long key1) {
    this.key0 = key0;
    this.key1 = key1;
  }

  /** A hash with a key that nobody knows. */
  static NameHash random() {
    try {
      Sys sys = Sys.linux();
      return new NameHash(sys.randomLong(), sys.randomLong());
    } catch (ErrnoException e) {
      throw new IllegalStateException("getrandom: " + e.getMessage(), e);
    }
  }

  /** A hash with a given key, for tests. */
  static NameHash of(long key0, long key1) {
    return new NameHash(key0, key1);
  }

  /** The hash of a part of an array. */
  long hash(byte[] bytes, int from, int length) {
    long v0 = key0 ^ 0x736f6d6570736575L;
    long v1 = key1 ^ 0x646f72616e646f6dL;
    long v2 = key0 ^ 0x6c7967656e657261L;
    long v3 = key1 ^ 0x7465646279746573L;
    int whole = length & ~7;
    for (int i = 0; i <= whole; i += 8) {
      long word =
          i < whole
              ? littleEndian(bytes, from + i, 8)
              : littleEndian(bytes, from + i, length & 7) | (long) length << 56;
      v3 ^= word;
      v0 += v1;
      v1 = Long.rotateLeft(v1, 13) ^ v0;
      v0 = Long.rotateLeft(v0, 32);
      v2 += v3;
      v3 = Long.rotateLeft(v3, 16) ^ v2;
      v0 += v3;
      v3 = Long.rotateLeft(v3, 21) ^ v0;
      v2 += v1;
      v1 = Long.rotateLeft(v1, 17) ^ v2;
      v2 = Long.rotateLeft(v2, 32);
      v0 ^= word;
    }
    v2 ^= 0xff;
    for (int round = 0; round < 3; round++) {
      v0 += v1;
      v1 = Long.rotateLeft(v1, 13) ^ v0;
      v0 = Long.rotateLeft(v0, 32);
      v2 += v3;
      v3 = Long.rotateLeft(v3, 16) ^ v2;
      v0 += v3;
      v3 = Long.rotateLeft(v3, 21) ^ v0;
      v2 += v1;
      v1 = Long.rotateLeft(v1, 17) ^ v2;
      v2 = Long.rotateLeft(v2, 32);
    }
    return v0 ^ v1 ^ v2 ^ v3;
  }

  private static long littleEndian(byte[] bytes, int at, int length) {
    long word = 0;
    for (int i = length - 1; i >= 0; i--) {
      word = word << 8 | (bytes[at + i] & 0xffL);
    }
    return word;
  }
}
