package io.unionfs.offline.fsck;

import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Mark;
import io.unionfs.offline.Paths;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is found in one tree, made into findings. */
final class Report {
  /** Which tree it is: only two of them may be changed. */
  enum Tree {
    UPPER,
    WORK,
    LOWER
  }

  private final FindingSink sink;
  private final String layer;
  private final Tree tree;

  Report(FindingSink sink, String layer, Tree tree) {
    this.sink = sink;
    this.layer = layer;
    this.tree = tree;
  }

  void looked(int entries) {
    sink.looked(entries);
  }

  /** Something that cannot be set right without guessing. */
  void add(Problem problem, LayerDir dir, Name name, @Nullable Mark mark, @Nullable Name detail)
      throws IOException {
    add(problem, dir, name, mark, detail, null);
  }

  /**
   * Something that a repair sets right, where the tree may be changed.
   *
   * @param name in {@code dir}, or "." for itself
   * @param kind null for none
   */
  void add(
      Problem problem,
      LayerDir dir,
      Name name,
      @Nullable Mark mark,
      @Nullable Name detail,
      Repair.@Nullable Kind kind)
      throws IOException {
    List<Name> above = Paths.inLayer(dir);
    List<Name> path = name.equals(Name.DOT) ? above : Paths.child(above, name);
    Name xattr = mark == null ? null : mark.xattr();
    Repair repair =
        kind == null || tree == Tree.LOWER
            ? null
            : new Repair(kind, tree == Tree.WORK, path, xattr);
    sink.found(new Finding(problem, layer, Paths.join(path), xattr, detail, repair));
  }

  /** Something that the host does not let this process read. */
  void unreadable(LayerDir dir, Name name, ErrnoException cause) throws IOException {
    add(Problem.UNREADABLE, dir, name, null, Name.of(String.valueOf(cause.getMessage())));
  }
}
