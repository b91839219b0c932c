package io.unionfs.image;

import io.unionfs.image.file.Directories;
import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.MarkRules;
import io.unionfs.layer.Marks;
import io.unionfs.stack.LowerIndex;
import io.unionfs.stack.MergeRules;
import io.unionfs.stack.Resolution;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The layers that one lies on, as far as they are known: what they show together. */
final class LayersBelow implements AutoCloseable {
  private final List<Layer> layers;
  private final Marks marks;
  private final MergeRules rules;
  private final ObjectReader reader;
  private boolean used;

  private LayersBelow(Sys sys, List<Layer> layers) {
    this.layers = layers;
    this.marks = Marks.readOnly(sys, MarkRules.DEFAULT);
    this.rules = new MergeRules(marks, layers);
    this.reader = new ObjectReader(sys);
  }

  /**
   * Opens layers.
   *
   * @param paths of their directories, topmost first
   */
  static LayersBelow open(Sys sys, List<byte[]> paths) throws IOException {
    List<Layer> layers = new ArrayList<>();
    for (byte[] path : paths) {
      try {
        Layer layer = Layer.openLower(sys, path);
        layers.add(layer);
        layer.distrustOwners();
      } catch (ErrnoException e) {
        layers.forEach(Layer::close);
        throw Directories.failed(path, e);
      }
    }
    if (!layers.isEmpty()) {
      layers.get(layers.size() - 1).setBottom();
    }
    return new LayersBelow(sys, layers);
  }

  boolean isKnown() {
    return !layers.isEmpty();
  }

  /**
   * The attributes of a directory, null where the layers show none under the path. A root that is
   * as any other counts as none: most layers say nothing of it, and are the same on all such.
   */
  @Nullable Attributes directory(EntryPath path) throws IOException, ErrnoException {
    if (path.isRoot()) {
      if (!isKnown()) {
        return null;
      }
      LayerDir root = layers.get(0).root();
      Stat stat = new Stat();
      root.stat(stat);
      Attributes attributes = Attributes.of(stat, reader.xattrs(root, Name.DOT));
      used |= !attributes.isPlain();
      return attributes.isPlain() ? null : attributes;
    }
    used = true; // even if it is not there, or nothing is below: elsewhere it might be
    if (!isKnown()) {
      return null;
    }
    Resolution found = resolve(path);
    if (found == null || found.kind() != Resolution.Kind.DIRECTORY) {
      return null;
    }
    Stat stat = found.stat();
    LayerDir dir = found.dir();
    return stat == null || dir == null
        ? null
        : Attributes.of(stat, reader.xattrs(dir, found.name()));
  }

  /** What the layers show in their root. */
  LowerIndex root() throws ErrnoException {
    used = true;
    return LowerIndex.read(marks, layers.stream().map(Layer::root).toList());
  }

  /** Whether anything was asked of these layers, so that on others the result might be another. */
  boolean isUsed() {
    return used;
  }

  private @Nullable Resolution resolve(EntryPath path) throws ErrnoException {
    List<LayerDir> dirs = layers.stream().map(Layer::root).toList();
    Resolution found = null;
    for (Name name : path.names()) {
      if (found != null) {
        dirs = found.parts();
      }
      if (dirs.isEmpty()) {
        return null;
      }
      found = rules.resolve(dirs, name);
    }
    return found;
  }

  /**
   * Puts the file of a path into a layer.
   *
   * @return false where the layers show no file under the path
   */
  boolean copy(EntryPath path, LayerSink sink) throws IOException, ErrnoException {
    Resolution found = isKnown() && !path.isRoot() ? resolve(path) : null;
    if (found == null || found.kind() != Resolution.Kind.FILE) {
      return false;
    }
    used = true;
    reader.put(found, path, sink);
    return true;
  }

  @Override
  public void close() {
    layers.forEach(Layer::close);
  }
}
