package io.unionfs.transport.mount;

import io.unionfs.sys.Linux;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The mount flags of the kernel that have an option name in mount(8), as mount(2) takes them. */
public final class MountFlags {
  /* Of these a mount has one at most. */
  private static final long ATIME = Linux.MS_NOATIME | Linux.MS_RELATIME | Linux.MS_STRICTATIME;

  private static final Map<String, Long> SETTING =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("ro", Linux.MS_RDONLY),
              Map.entry("nosuid", Linux.MS_NOSUID),
              Map.entry("nodev", Linux.MS_NODEV),
              Map.entry("noexec", Linux.MS_NOEXEC),
              Map.entry("sync", Linux.MS_SYNCHRONOUS),
              Map.entry("dirsync", Linux.MS_DIRSYNC),
              Map.entry("nosymfollow", Linux.MS_NOSYMFOLLOW),
              Map.entry("noatime", Linux.MS_NOATIME),
              Map.entry("nodiratime", Linux.MS_NODIRATIME),
              Map.entry("relatime", Linux.MS_RELATIME),
              Map.entry("strictatime", Linux.MS_STRICTATIME),
              Map.entry("lazytime", Linux.MS_LAZYTIME)));

  private static final Map<String, Long> CLEARING =
      Map.ofEntries(
          Map.entry("rw", Linux.MS_RDONLY),
          Map.entry("suid", Linux.MS_NOSUID),
          Map.entry("dev", Linux.MS_NODEV),
          Map.entry("exec", Linux.MS_NOEXEC),
          Map.entry("async", Linux.MS_SYNCHRONOUS),
          Map.entry("symfollow", Linux.MS_NOSYMFOLLOW),
          Map.entry("atime", Linux.MS_NOATIME),
          Map.entry("diratime", Linux.MS_NODIRATIME),
          Map.entry("norelatime", Linux.MS_RELATIME),
          Map.entry("nostrictatime", Linux.MS_STRICTATIME),
          Map.entry("nolazytime", Linux.MS_LAZYTIME));

  private MountFlags() {}

  /**
   * The flags of a list of names; later names win over earlier ones.
   *
   * @throws IllegalArgumentException if a name is unknown
   */
  static long of(List<String> names) {
    long flags = 0;
    for (String name : names) {
      if (!isFlag(name)) {
        throw new IllegalArgumentException(
            "mount flag \""
                + name
                + "\" is unknown; there are "
                + String.join(", ", SETTING.keySet()));
      }
      flags = with(flags, name);
    }
    return flags;
  }

  /** Whether a name sets or clears a flag. */
  public static boolean isFlag(String name) {
    return SETTING.containsKey(name) || CLEARING.containsKey(name);
  }

  /** The flags after a name; those before it where it is no flag's. */
  public static long with(long flags, String name) {
    Long set = SETTING.get(name);
    Long cleared = CLEARING.get(name);
    if (set != null) {
      return ((set & ATIME) != 0 ? flags & ~ATIME : flags) | set;
    }
    return cleared == null ? flags : flags & ~cleared;
  }
}
