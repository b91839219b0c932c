package io.unionfs.core;

import io.unionfs.layer.Layer;
import io.unionfs.sys.Stat;

/**
 * The owners that a copy in the upper gets.
 *
 * @param shown how owners are shown
 * @param mapped whether those of the original come as they are shown, and not as they are on disk
 */
record CopiedOwners(ShownOwners shown, boolean mapped) {
  /** Those of a copy of what a layer has. */
  static CopiedOwners from(Layer layer, ShownOwners shown) {
    return new CopiedOwners(shown, layer.idMapped());
  }

  int user(Stat original) {
    return mapped ? shown.storedUser(original.uid) : original.uid;
  }

  int group(Stat original) {
    return mapped ? shown.storedGroup(original.gid) : original.gid;
  }

  byte[] acl(byte[] original) {
    return mapped ? shown.copiedAcl(original) : original;
  }
}
