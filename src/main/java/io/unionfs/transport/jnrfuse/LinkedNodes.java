package io.unionfs.transport.jnrfuse;

import java.util.concurrent.atomic.AtomicLongArray;

/*
 * libfuse's high-level API gives each name of a file a kernel inode of its own, with a page cache
 * of its own. The cached pages of one name are stale after a write through another, so pages may
 * survive from one open to the next (keep_cache) only for a file that never had a second name in
 * this mount. Files with several names are few; a set of bits by hash remembers them in a fixed
 * size, and a wrong "maybe" costs a read from the server.
 */

/** The files that have, or once had, more than one name. */
final class LinkedNodes {
  private static final int LOG_BITS = 20;

  private final AtomicLongArray bits = new AtomicLongArray(1 << (LOG_BITS - 6));

  /** Remembers a file by its inode number. */
  void add(long ino) {
    int bit = hash(ino);
    int word = bit >>> 6;
    long mask = 1L << bit;
    if ((bits.get(word) & mask) == 0) {
      bits.getAndUpdate(word, value -> value | mask);
    }
  }

  /** False: the file has always had one name. */
  boolean mayContain(long ino) {
    int bit = hash(ino);
    return (bits.get(bit >>> 6) & (1L << bit)) != 0;
  }

  private static int hash(long ino) {
    return (int) ((ino * 0x9E3779B97F4A7C15L) >>> (64 - LOG_BITS));
  }
}
