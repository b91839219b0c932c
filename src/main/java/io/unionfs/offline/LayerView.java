package io.unionfs.offline;

import io.unionfs.sys.Name;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What one layer has for a path of the union.
 *
 * @param layer {@code upper}, {@code lower 1} for the topmost lower and so on, or {@code index} for
 *     the work dir's index of hard links
 * @param directory the layer's path, for showing
 * @param role what becomes of it in the union
 * @param path where it is in the layer; shorter than the path that was asked for where it stands in
 *     the way of that
 * @param type the type bits of its mode, null for a whiteout
 * @param opaque whether it is a directory that hides what is below it
 * @param marks the marks it has
 */
public record LayerView(
    String layer,
    String directory,
    Role role,
    Name path,
    @Nullable Integer type,
    boolean opaque,
    List<OnDiskMark> marks) {
  /** What becomes of an object of a layer in the union. */
  public enum Role {
    /** It is what the union shows. */
    PROVIDES,
    /** A directory whose entries are shown with those of the one above. */
    MERGED,
    /** It has the data of the file above, which has none of its own (metacopy). */
    DATA,
    /** It makes the path not exist. */
    HIDES,
    /** Something above hides it. */
    HIDDEN;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
