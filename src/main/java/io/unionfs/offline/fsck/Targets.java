package io.unionfs.offline.fsck;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.offline.OpenLayers;
import io.unionfs.offline.Paths;
import io.unionfs.stack.MergeRules;
import io.unionfs.stack.Resolution;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/*
 * A rename of a directory with lower content leaves a whiteout where it was, so its content shows at one
 * place. It shows at two if the whiteout is gone, or if the renamed directory was copied within the upper
 * with its marks: each then has its own changes of what was one directory.
 */
/** The directories that redirect marks of one layer lead to. */
final class Targets {
  /* So that memory is bounded, whatever a layer holds. */
  private static final int MOST = 100_000;

  private record Target(Layer layer, long ino) {}

  private final Layer layer;
  private final MergeRules rules;
  private final List<LayerDir> roots;
  private final Map<Target, Name> shownAt = new HashMap<>();

  Targets(OpenLayers layers, Layer layer) {
    this.layer = layer;
    this.rules = layers.merge();
    List<Layer> lowers = layers.lowers();
    this.roots =
        lowers.subList(lowers.indexOf(layer) + 1, lowers.size()).stream().map(Layer::root).toList();
  }

  /**
   * Where else the union of this layer and those below shows a directory; null if nowhere that is
   * known.
   *
   * @param target the lower directory that a mark of a directory leads to
   */
  @Nullable Name otherPlace(LayerDir dir, Name name, LayerDir target) throws ErrnoException {
    Target key = target(target);
    List<Name> own = Paths.child(Paths.inLayer(dir), name);
    List<Name> original = Paths.inLayer(target);
    if (!original.equals(own) && shows(original, key)) {
      return Paths.join(original);
    }
    Name first = shownAt.get(key);
    if (first == null && shownAt.size() < MOST) {
      shownAt.put(key, Paths.join(own));
    }
    return first;
  }

  private static Target target(LayerDir dir) throws ErrnoException {
    Stat stat = new Stat();
    dir.stat(stat);
    return new Target(dir.layer(), stat.ino);
  }

  private boolean shows(List<Name> path, Target wanted) throws ErrnoException {
    List<LayerDir> parts = new ArrayList<>();
    parts.add(layer.root());
    parts.addAll(roots);
    for (Name step : path) {
      Resolution found = rules.resolve(parts, step);
      parts = found.parts();
      if (parts.isEmpty()) {
        return false;
      }
    }
    for (LayerDir part : parts) {
      if (part.layer() == wanted.layer() && target(part).equals(wanted)) {
        return true;
      }
    }
    return false;
  }
}
