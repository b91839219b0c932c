package io.unionfs.stack;

import io.unionfs.layer.DirReading;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.layer.Whiteouts;
import io.unionfs.sys.Dirents;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * The names of all lower directories of one merged directory, with the topmost layer that has each,
 * and for directories all layers that take part in the merge. Lowers never change, so it is read
 * once and stays true; a name is found, or found missing, with no system call and at the same cost
 * for one layer or five hundred.
 *
 * The names lie in one byte array and the entries in parallel arrays, about thirty bytes and the
 * name for each, so that a directory of a million names is tens of megabytes and not hundreds.
 */
/** An immutable index of the merged lower part of a directory. */
public final class LowerIndex {
  private static final byte HIDDEN = -1;
  private static final int FIRST_CAPACITY = 16;

  private byte[] heap = new byte[256];
  private int heapUsed;
  private int count;
  private int shown;
  private int directories;
  private int[] offsets = new int[FIRST_CAPACITY];
  private int[] hashes = new int[FIRST_CAPACITY];
  private byte[] types = new byte[FIRST_CAPACITY];
  private short[] firstPart = new short[FIRST_CAPACITY];
  private long[] inos = new long[FIRST_CAPACITY];

  /* Only for directories that more than one layer has; element 0 is a flag: the merge goes on. */
  private short[] @Nullable [] moreParts = new short[FIRST_CAPACITY][];
  private int[] table = new int[FIRST_CAPACITY * 2];

  private LowerIndex() {
    Arrays.fill(table, -1);
  }

  /**
   * Reads the directories.
   *
   * @param dirs the merged lower directories, topmost first
   * @throws ErrnoException the errno of a directory that cannot be read
   */
  public static LowerIndex read(Marks marks, List<LayerDir> dirs) throws ErrnoException {
    LowerIndex index = new LowerIndex();
    for (int part = 0; part < dirs.size(); part++) {
      index.add(marks, dirs.get(part), (short) part);
    }
    index.trim();
    return index;
  }

  private void add(Marks marks, LayerDir dir, short part) throws ErrnoException {
    if (dir.covered()) {
      return;
    }
    Stat stat = new Stat();
    List<Name> hiddenBelow = new ArrayList<>();
    try (DirReading reading = dir.read()) {
      Dirents entries = reading.entries();
      while (entries.next()) {
        if (entries.isDotOrDotDot()) {
          continue;
        }
        Name name = entries.name();
        if (marks.whiteouts().isReserved(name)) {
          Name hidden = marks.whiteouts().hiddenBy(name);
          if (hidden != null) {
            hiddenBelow.add(hidden);
          }
          continue;
        }
        byte type = typeOf(marks, dir, name, entries.type(), entries.ino(), stat);
        if (type != Linux.DT_UNKNOWN) {
          put(name, type, part, entries.ino());
        }
      }
    }
    for (Name name : hiddenBelow) {
      put(name, HIDDEN, part, 0);
    }
  }

  /* The entry's type, HIDDEN for a whiteout, DT_UNKNOWN for what is not part of the layer. */
  private static byte typeOf(Marks marks, LayerDir dir, Name name, int type, long ino, Stat scratch)
      throws ErrnoException {
    if (!Whiteouts.mayBeWhiteout(dir.layer(), type) && !dir.layer().mayHide(ino)) {
      return (byte) dir.shownType(name, type, scratch);
    }
    int errno = dir.tryStat(name, scratch);
    if (errno == Errno.ENOENT || (errno == 0 && dir.layer().hides(scratch))) {
      return Linux.DT_UNKNOWN;
    }
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
    return marks.whiteouts().isWhiteout(dir, name, scratch)
        ? HIDDEN
        : (byte) (scratch.type() >> 12);
  }

  private void put(Name name, byte type, short part, long ino) {
    int slot = slotOf(name);
    int entry = table[slot];
    if (entry < 0) {
      append(slot, name, type, part, ino);
      return;
    }
    if (types[entry] != Linux.DT_DIR) {
      return;
    }
    short @Nullable [] parts = moreParts[entry];
    boolean open = parts == null || parts[0] != 0;
    if (!open) {
      return;
    }
    if (parts == null) {
      parts = new short[] {1};
    }
    if (type == Linux.DT_DIR) {
      parts = Arrays.copyOf(parts, parts.length + 1);
      parts[parts.length - 1] = part;
    } else {
      parts[0] = 0;
    }
    moreParts[entry] = parts;
  }

  private void append(int slot, Name name, byte type, short part, long ino) {
    if (count == offsets.length) {
      grow();
      slot = slotOf(name);
    }
    int length = name.length();
    if (heap.length - heapUsed < length + 2) {
      heap = Arrays.copyOf(heap, Math.max(heap.length * 2, heapUsed + length + 2));
    }
    offsets[count] = heapUsed;
    heap[heapUsed] = (byte) (length >> 8);
    heap[heapUsed + 1] = (byte) length;
    name.copyTo(heap, heapUsed + 2);
    heapUsed += length + 2;
    hashes[count] = name.hashCode();
    types[count] = type;
    firstPart[count] = part;
    inos[count] = ino;
    table[slot] = count;
    count++;
    if (type != HIDDEN) {
      shown++;
    }
    if (type == Linux.DT_DIR) {
      directories++;
    }
  }

  private void grow() {
    int capacity = offsets.length * 2;
    resize(capacity);
    table = new int[capacity * 2];
    Arrays.fill(table, -1);
    int mask = table.length - 1;
    for (int i = 0; i < count; i++) {
      int slot = spread(hashes[i]) & mask;
      while (table[slot] >= 0) {
        slot = (slot + 1) & mask;
      }
      table[slot] = i;
    }
  }

  private void resize(int capacity) {
    offsets = Arrays.copyOf(offsets, capacity);
    hashes = Arrays.copyOf(hashes, capacity);
    types = Arrays.copyOf(types, capacity);
    firstPart = Arrays.copyOf(firstPart, capacity);
    inos = Arrays.copyOf(inos, capacity);
    moreParts = Arrays.copyOf(moreParts, capacity);
  }

  private void trim() {
    resize(count);
    heap = Arrays.copyOf(heap, heapUsed);
  }

  private static int spread(int hash) {
    return hash ^ (hash >>> 16);
  }

  private int slotOf(Name name) {
    int mask = table.length - 1;
    int hash = name.hashCode();
    int slot = spread(hash) & mask;
    while (true) {
      int entry = table[slot];
      if (entry < 0 || (hashes[entry] == hash && sameName(entry, name))) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
  }

  private boolean sameName(int entry, Name name) {
    int length = length(entry);
    if (length != name.length()) {
      return false;
    }
    int start = offsets[entry] + 2;
    for (int i = 0; i < length; i++) {
      if (heap[start + i] != name.byteAt(i)) {
        return false;
      }
    }
    return true;
  }

  private int length(int entry) {
    int at = offsets[entry];
    return ((heap[at] & 0xff) << 8) | (heap[at + 1] & 0xff);
  }

  /** The entry of a name, or -1 where the lowers do not show one. */
  public int find(Name name) {
    int entry = table[slotOf(name)];
    return entry < 0 || types[entry] == HIDDEN ? -1 : entry;
  }

  /** How many entries there are to walk, hidden ones included. */
  public int size() {
    return count;
  }

  /** How many names the lowers show. */
  public int shown() {
    return shown;
  }

  /** How many of the names are directories. */
  public int directories() {
    return directories;
  }

  /** Whether an entry is a name that the lowers show, and not one that they declare deleted. */
  public boolean isShown(int entry) {
    return types[entry] != HIDDEN;
  }

  public Name name(int entry) {
    return Name.of(heap, offsets[entry] + 2, length(entry));
  }

  /** The entry's type, one of the {@code DT_} constants. */
  public int type(int entry) {
    return types[entry];
  }

  /** The host's inode number, as getdents64(2) of the topmost layer gave it. */
  public long ino(int entry) {
    return inos[entry];
  }

  /** How many layers take part in an entry: one, or more for a merged directory. */
  public int parts(int entry) {
    short @Nullable [] more = moreParts[entry];
    return more == null ? 1 : more.length;
  }

  /** The index, in the list that was read, of the {@code i}-th layer that takes part. */
  public int part(int entry, int i) {
    if (i == 0) {
      return firstPart[entry];
    }
    short @Nullable [] more = moreParts[entry];
    if (more == null) {
      throw new IndexOutOfBoundsException(i);
    }
    return more[i];
  }

  /** The approximate size in bytes. */
  public long weight() {
    long bytes = 128L + heap.length + 4L * table.length + 27L * offsets.length;
    for (short @Nullable [] more : moreParts) {
      bytes += more == null ? 0 : 16 + 2L * more.length;
    }
    return bytes;
  }
}
