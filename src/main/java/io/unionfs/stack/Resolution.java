package io.unionfs.stack;

import io.unionfs.layer.LayerDir;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a name in a merged directory is.
 *
 * @param kind what was found
 * @param dir the directory of the layer that provides it; null for {@link Kind#ABSENT}
 * @param name the name there
 * @param stat the attributes of the topmost object, not to be changed; null where nothing was found
 * @param parts for a directory, the directories that are merged, topmost first; else empty
 * @param data where the data of a file without data of its own are (metacopy); else null
 */
public record Resolution(
    Kind kind,
    @Nullable LayerDir dir,
    Name name,
    @Nullable Stat stat,
    List<LayerDir> parts,
    @Nullable Place data) {
  /**
   * A file in a layer.
   *
   * @param dir the directory it is in
   */
  public record Place(LayerDir dir, Name name) {}

  /** The kinds of answers. */
  public enum Kind {
    /** No layer has the name. */
    ABSENT,
    /** The topmost layer that has the name declares it deleted. */
    WHITEOUT,
    /** Anything but a directory. */
    FILE,
    /** A directory, merged from one or more layers. */
    DIRECTORY
  }

  static Resolution absent(Name name) {
    return new Resolution(Kind.ABSENT, null, name, null, List.of(), null);
  }

  static Resolution whiteout(LayerDir dir, Name name) {
    return new Resolution(Kind.WHITEOUT, dir, name, null, List.of(), null);
  }

  static Resolution file(LayerDir dir, Name name, Stat stat, @Nullable Place data) {
    return new Resolution(Kind.FILE, dir, name, stat, List.of(), data);
  }

  static Resolution directory(List<LayerDir> parts, LayerDir dir, Name name, Stat stat) {
    return new Resolution(Kind.DIRECTORY, dir, name, stat, List.copyOf(parts), null);
  }

  /** Whether the name exists in the merged view. */
  public boolean exists() {
    return kind == Kind.FILE || kind == Kind.DIRECTORY;
  }
}
