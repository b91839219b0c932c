package io.unionfs.offline;

import io.unionfs.sys.Name;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One thing that an upper changes.
 *
 * @param kind what is changed
 * @param path where, below the union's root
 * @param from for a rename, where it was in the lowers; else null
 * @param aspects for what was modified, and for what was renamed and modified, in what way
 * @param replaces whether a rename took the place of something else of the lowers
 * @param before what the lowers have, null for what is added
 * @param after what the union has, null for what is deleted
 */
public record Change(
    Kind kind,
    Name path,
    @Nullable Name from,
    Set<Aspect> aspects,
    boolean replaces,
    @Nullable Version before,
    @Nullable Version after) {
  /** What is changed. */
  public enum Kind {
    ADDED,
    MODIFIED,
    DELETED,
    RENAMED;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * An object before or after the change.
   *
   * @param type the type bits of its mode
   * @param size in bytes
   * @param content for reading a regular file; null for anything else
   * @param moreNames of a lower file with several names that was changed: how many of them only the
   *     lowers have, which show the change as well
   * @param lowerNames which they are, where that was asked for; else empty
   */
  public record Version(
      int type, long size, @Nullable FileContent content, int moreNames, List<Name> lowerNames) {}
}
