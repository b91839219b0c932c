package io.unionfs.stack;

import io.unionfs.sys.Name;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is to be done to an upper so that its changes at some paths are gone, in this order:
 * whatever interrupts it, each name shows the change or what the lowers have.
 *
 * @param copies entries of the index that go: copies of which no name is left
 * @param entries what goes from the upper's directories
 * @param index entries of the index that nothing is left for, once the rest is done
 */
public record DiscardSteps(List<Name> copies, List<Entry> entries, List<Name> index) {
  /**
   * An entry of the upper that goes.
   *
   * @param directory the path of its directory below the root
   * @param mark whether it is a mark beside a name or a whiteout, and no object
   * @param shownAgain names of lower hard links that show again when it goes, by the index entry of
   *     their copy; counted before, because too high a count does no harm, and not if it stays
   */
  public record Entry(List<Name> directory, Name name, boolean mark, Map<Name, Links> shownAgain) {
    Entry without(Set<Name> copies) {
      Map<Name, Links> kept = new HashMap<>(shownAgain);
      kept.keySet().removeAll(copies);
      return new Entry(directory, name, mark, Map.copyOf(kept));
    }
  }

  /**
   * Names that a copy gets back.
   *
   * @param more how many
   * @param lower how many the lower file has
   */
  public record Links(int more, int lower) {}

  /** Steps with all entries, of which those of copies that go have no count to keep. */
  public static DiscardSteps of(Set<Name> copies, List<Entry> entries, List<Name> index) {
    return new DiscardSteps(
        List.copyOf(copies),
        entries.stream().map(entry -> entry.without(copies)).toList(),
        List.copyOf(index));
  }

  /** Whether there is nothing to do. */
  public boolean isEmpty() {
    return copies.isEmpty() && entries.isEmpty() && index.isEmpty();
  }
}
