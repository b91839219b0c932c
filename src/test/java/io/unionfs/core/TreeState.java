package io.unionfs.core;

import io.unionfs.layer.Marks;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Scratch;
import io.unionfs.sys.Stat;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/*
 * Times that are the clock's show as "now", and inode numbers as the path that had them before, or as
 * "new": so states of different directories can be compared.
 */
/** Everything that a program can tell of a union's tree. */
final class TreeState {
  private static final String NOW = "now";
  private static final int PART = 1 << 15;

  private record Entry(String described, String directoryTime, long ino) {}

  private final Map<String, Entry> entries = new TreeMap<>();

  private TreeState() {}

  static TreeState of(UnionFileSystem fs) throws ErrnoException {
    TreeState state = new TreeState();
    Deque<String> open = new ArrayDeque<>();
    open.push("");
    UnionSide side = new UnionSide(fs);
    while (!open.isEmpty()) {
      String dir = open.pop();
      for (String name : side.names(dir)) {
        String path = dir.isEmpty() ? name : dir + "/" + name;
        Node node = side.node(path);
        state.entries.put(path, describe(fs, node));
        if (node.isDirectory()) {
          open.push(path);
        }
      }
    }
    return state;
  }

  private static Entry describe(UnionFileSystem fs, Node node) throws ErrnoException {
    Stat stat = new Stat();
    fs.getattr(node, stat);
    StringBuilder text = new StringBuilder();
    text.append(String.format("%o %d:%d links %d", stat.mode, stat.uid, stat.gid, stat.nlink));
    for (Name xattr : Marks.split(fs.listxattr(node, OpenUnion.ROOT)).stream().sorted().toList()) {
      byte[] value = fs.getxattr(node, xattr);
      text.append(' ').append(xattr).append('=');
      text.append(value == null ? "-" : HexFormat.of().formatHex(value));
    }
    String mtime =
        stat.mtime > CoreOracleTest.SET_TIMES_BEFORE ? NOW : stat.mtime + "." + stat.mtimeNsec;
    if (stat.isDirectory()) {
      return new Entry(text.toString(), mtime, stat.ino);
    }
    text.append(" mtime ").append(mtime);
    if (stat.isSymlink()) {
      text.append(" -> ").append(Name.of(fs.readlink(node)));
    } else if (stat.isRegular()) {
      text.append(" size ").append(stat.size).append(" data ");
      text.append(Long.toHexString(checksum(fs, (FileNode) node)));
    }
    return new Entry(text.toString(), "", stat.ino);
  }

  private static long checksum(UnionFileSystem fs, FileNode file) throws ErrnoException {
    CRC32 sum = new CRC32();
    byte[] part = new byte[PART];
    Scratch scratch = Scratch.get();
    for (long at = 0; ; at += PART) {
      int read = fs.read(file, scratch.address(), PART, at);
      NativeMemory.getBytes(scratch.address(), part, 0, read);
      sum.update(part, 0, read);
      if (read < PART) {
        return sum.getValue();
      }
    }
  }

  /**
   * What differs from another state, or null.
   *
   * @param own what this one began as
   * @param expectedOwn what the other one began as
   */
  @Nullable String difference(TreeState own, TreeState expected, TreeState expectedOwn) {
    return difference(own, expected, expectedOwn, "");
  }

  /** The same, where {@code renewed} may be another inode. */
  @Nullable String difference(
      TreeState own, TreeState expected, TreeState expectedOwn, String renewed) {
    if (!entries.keySet().equals(expected.entries.keySet())) {
      return "names " + entries.keySet() + "\n  instead of " + expected.entries.keySet();
    }
    for (Map.Entry<String, Entry> each : entries.entrySet()) {
      String path = each.getKey();
      Entry wanted = Objects.requireNonNull(expected.entries.get(path));
      String is = each.getValue().described;
      String should = wanted.described;
      if (!path.equals(renewed)) {
        is += " inode " + own.label(each.getValue().ino);
        should += " inode " + expectedOwn.label(wanted.ino);
      }
      if (!is.equals(should)) {
        return path + "\n  is        " + is + "\n  should be " + should;
      }
    }
    return null;
  }

  private String label(long ino) {
    for (Map.Entry<String, Entry> each : entries.entrySet()) {
      if (each.getValue().ino == ino) {
        return "of " + each.getKey();
      }
    }
    return "new";
  }

  /**
   * The first directory whose time is neither that of one of the states nor the clock's, or null.
   */
  @Nullable String strangeTime(TreeState before, TreeState after) {
    for (Map.Entry<String, Entry> each : entries.entrySet()) {
      String time = each.getValue().directoryTime;
      boolean known =
          time.equals(NOW)
              || time.equals(before.time(each.getKey()))
              || time.equals(after.time(each.getKey()));
      if (!known) {
        return each.getKey() + " has the time " + time;
      }
    }
    return null;
  }

  /** The same state without link counts. */
  TreeState withoutCounts() {
    TreeState state = new TreeState();
    entries.forEach(
        (path, entry) -> {
          String described = entry.described.replaceAll(" links \\d+", "");
          state.entries.put(path, new Entry(described, entry.directoryTime, entry.ino));
        });
    return state;
  }

  private @Nullable String time(String path) {
    Entry entry = entries.get(path);
    return entry == null ? null : entry.directoryTime;
  }

  /** Whether a path leads to the file that was one of the lower hard links at the start. */
  boolean isLink(String path, TreeState start) {
    Entry entry = entries.get(path);
    return entry != null && start.label(entry.ino).matches("of (dir/)?hard\\d");
  }
}
