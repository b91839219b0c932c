package io.unionfs.offline;

import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.stack.LowerIndex;
import io.unionfs.stack.MergeRules;
import io.unionfs.stack.Resolution;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A directory as a union shows it, for walking the merged tree: {@link #names}, {@link #resolve},
 * {@link #child}.
 */
public final class MergedDir {
  private final Marks marks;
  private final MergeRules rules;
  private final List<LayerDir> parts;

  MergedDir(Marks marks, MergeRules rules, List<LayerDir> parts) {
    this.marks = marks;
    this.rules = rules;
    this.parts = parts;
  }

  /** The directories that are merged, topmost first; empty for a directory that is not there. */
  public List<LayerDir> parts() {
    return parts;
  }

  /**
   * The names that it shows, in the order of their bytes.
   *
   * @throws ErrnoException the errno of a layer's directory that cannot be read
   */
  public List<Name> names() throws ErrnoException {
    LowerIndex index = LowerIndex.read(marks, parts);
    List<Name> names = new ArrayList<>(index.shown());
    for (int i = 0; i < index.size(); i++) {
      if (index.isShown(i)) {
        names.add(index.name(i));
      }
    }
    Collections.sort(names);
    return names;
  }

  /**
   * What a name in it means.
   *
   * @throws ErrnoException as {@link MergeRules#resolve(List, Name)}
   */
  public Resolution resolve(Name name) throws ErrnoException {
    return rules.resolve(parts, name);
  }

  /** The directory that a name was found to be. */
  public MergedDir child(Resolution directory) {
    return new MergedDir(marks, rules, directory.parts());
  }
}
