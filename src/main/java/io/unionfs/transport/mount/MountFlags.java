package io.unionfs.transport.mount;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The mount flags of the kernel that have an option name in mount(8). */
final class MountFlags {
  private static final Map<String, Long> SETTING =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("ro", 1L),
              Map.entry("nosuid", 2L),
              Map.entry("nodev", 4L),
              Map.entry("noexec", 8L),
              Map.entry("sync", 16L),
              Map.entry("dirsync", 128L),
              Map.entry("nosymfollow", 256L),
              Map.entry("noatime", 1024L),
              Map.entry("nodiratime", 2048L),
              Map.entry("relatime", 1L << 21),
              Map.entry("strictatime", 1L << 24),
              Map.entry("lazytime", 1L << 25)));

  private static final Map<String, Long> CLEARING =
      Map.of(
          "rw",
          1L,
          "suid",
          2L,
          "dev",
          4L,
          "exec",
          8L,
          "async",
          16L,
          "atime",
          1024L,
          "diratime",
          2048L);

  private MountFlags() {}

  /**
   * The flags as mount(2) takes them; later names win over earlier ones.
   *
   * @throws IllegalArgumentException if a name is unknown
   */
  static long of(List<String> names) {
    long flags = 0;
    for (String name : names) {
      Long set = SETTING.get(name);
      Long clear = CLEARING.get(name);
      if (set != null) {
        flags |= set;
      } else if (clear != null) {
        flags &= ~clear;
      } else {
        throw new IllegalArgumentException(
            "mount flag \""
                + name
                + "\" is unknown; there are "
                + String.join(", ", SETTING.keySet()));
      }
    }
    return flags;
  }
}
