package io.unionfs.offline;

import io.unionfs.sys.Name;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a path of a union is made of.
 *
 * @param path below the union's root, "." for the root
 * @param state whether it exists
 * @param type the type bits of its mode, null where it does not exist
 * @param layers what the layers have, topmost first; those that have nothing are left out
 * @param origin where it was copied up from; null if it was not
 * @param links how many names it has in the layer that provides it; 0 where it does not exist
 * @param index the entry in the index of hard links that keeps its names together, else null
 */
public record Explanation(
    Name path,
    State state,
    @Nullable Integer type,
    List<LayerView> layers,
    @Nullable Copied origin,
    int links,
    @Nullable Name index) {
  /** Whether a path exists in the union. */
  public enum State {
    PRESENT,
    /** A layer has it, and one above hides it. */
    DELETED,
    /** No layer has it. */
    ABSENT;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Where a file was copied up from, by its origin mark.
   *
   * @param layer the layer, null where the lower file was not found
   * @param path where the file is there; null likewise
   */
  public record Copied(@Nullable String layer, @Nullable Name path) {}
}
