package io.unionfs.sys;

import org.jspecify.annotations.Nullable;

/**
 * The names that one thread met lately in native memory: one that comes again is the same object,
 * and no new one. Of those that meet in one place, two stay.
 */
public final class RecentNames {
  private static final int SLOTS = 512;
  private static final int LONGEST = 255; // a file's; longer ones are paths, and not remembered

  /* In pairs, the later one first. */
  private final @Nullable Name[] slots = new Name[SLOTS];
  private final byte[] bytes = new byte[LONGEST];

  /** The name of {@code length} bytes of native memory. */
  public Name fromNative(long address, int length) {
    if (length > LONGEST) {
      return Name.fromNative(address, length);
    }
    NativeMemory.getBytes(address, bytes, 0, length);
    int hash = Name.hash(bytes, length);
    int slot = (hash ^ (hash >>> 9) ^ (hash >>> 18)) & (SLOTS - 2);
    Name later = slots[slot];
    if (later != null && later.isOf(bytes, length, hash)) {
      return later;
    }
    Name earlier = slots[slot + 1];
    Name name =
        earlier != null && earlier.isOf(bytes, length, hash) ? earlier : Name.of(bytes, 0, length);
    slots[slot + 1] = later;
    slots[slot] = name;
    return name;
  }
}
