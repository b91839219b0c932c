package io.unionfs.transport.jnrfuse;

import io.unionfs.core.UnionFileSystem;
import io.unionfs.transport.AclNarrowing;

/** What the operations of one mount have in common. */
record MountContext(
    UnionFileSystem fs,
    LibFuse2 library,
    Paths paths,
    Handles handles,
    HiddenFiles hidden,
    AclNarrowing acl,
    LinkedNodes linked,
    Attributes attributes,
    Invalidation invalidation) {
  static MountContext of(
      UnionFileSystem fs, LibFuse2 library, long channel, Handles handles, LinkedNodes linked) {
    HiddenFiles hidden = new HiddenFiles(handles);
    AclNarrowing acl = new AclNarrowing(fs, false);
    return new MountContext(
        fs,
        library,
        new Paths(fs, hidden),
        handles,
        hidden,
        acl,
        linked,
        new Attributes(fs, acl, linked, hidden),
        new Invalidation(library, channel));
  }
}
