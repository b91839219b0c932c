package io.unionfs.offline;

import io.unionfs.sys.Name;

/**
 * A directory that is to be opened as a layer.
 *
 * @param path by which it is opened, not to be changed
 * @param shown by which the user knows it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record LayerSource(byte[] path, Name shown) {
  /** A directory that the user named. */
  public static LayerSource of(byte[] path) {
    return new LayerSource(path, Name.of(path));
  }
}
