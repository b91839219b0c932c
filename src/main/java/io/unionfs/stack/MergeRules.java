package io.unionfs.stack;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * The topmost layer that has a name wins. A whiteout hides the name in all layers below; so does
 * anything that is no directory. Directories merge downwards until an opaque directory, a whiteout,
 * or something that is no directory ends the merge. (Documentation/filesystems/overlayfs.rst,
 * "Upper and Lower", "whiteouts and opaque directories", "redirect_dir", "Metadata only copy up".)
 */
/** The rules by which layers make one tree. */
public final class MergeRules {
  private final Marks marks;
  private final List<Layer> lowers;

  /**
   * @param lowers all lower layers of the mount, topmost first
   */
  public MergeRules(Marks marks, List<Layer> lowers) {
    this.marks = marks;
    this.lowers = lowers;
  }

  /**
   * Finds out what a name means.
   *
   * @param dirs the directories that are merged, topmost first
   * @throws ErrnoException {@code EIO} for a mark that this mount does not follow or that leads
   *     nowhere; the errno of a layer that cannot be read
   */
  public Resolution resolve(List<LayerDir> dirs, Name name) throws ErrnoException {
    return new NameSearch(marks, lowers, name).in(dirs);
  }

  /** The same with an upper directory above the others. */
  public Resolution resolve(@Nullable LayerDir upper, List<LayerDir> dirs, Name name)
      throws ErrnoException {
    return new NameSearch(marks, lowers, name).in(upper, dirs);
  }

  /**
   * Finds out what a name means in lower directories that an index was made of: touches only the
   * layers that have the name.
   */
  public Resolution resolve(List<LayerDir> dirs, LowerIndex index, Name name)
      throws ErrnoException {
    return resolve(null, dirs, index, name);
  }

  /** The same with an upper directory above the indexed lowers. */
  public Resolution resolve(
      @Nullable LayerDir upper, List<LayerDir> dirs, LowerIndex index, Name name)
      throws ErrnoException {
    return new NameSearch(marks, lowers, name).in(upper, dirs, index);
  }
}
