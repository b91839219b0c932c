package io.unionfs.image;

import io.unionfs.image.LayerUnpacking.Watcher;
import io.unionfs.offline.OpenLayers;
import io.unionfs.sys.ErrnoException;
import java.io.IOException;
import java.util.Set;

/** What an upper changes, to be made a layer of. */
public interface LayerChanges {
  /**
   * Hands on all entries, in the order of a layer.
   *
   * @return the sockets, which a layer cannot hold
   */
  Set<EntryPath> handTo(LayerSink sink, Watcher watcher) throws IOException, ErrnoException;

  /** Those of layers as they are while the entries are handed on. */
  static LayerChanges of(OpenLayers layers) {
    return (sink, watcher) -> LayerPacker.pack(layers, sink, watcher);
  }
}
