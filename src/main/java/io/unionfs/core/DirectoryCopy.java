package io.unionfs.core;

import io.unionfs.layer.LayerDir;
import io.unionfs.layer.ProtectionMark;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;

/** The making of an empty directory that is like one of a lower. */
final class DirectoryCopy {
  private final UnionState union;
  private final Sys sys;
  private final Protection protection;

  DirectoryCopy(UnionState union, Protection protection) {
    this.union = union;
    this.sys = union.sys();
    this.protection = protection;
  }

  /**
   * Makes it complete but for its place; whoever asked for it discards it, also after a failure.
   */
  void make(LayerDir lower, SharedFd workFd, Name temporary) throws ErrnoException {
    sys.mkdirat(workFd.fd(), temporary, 0700);
    if (lower.covered()) {
      return;
    }
    HostFile copy = new HostFile(sys, workFd.fd(), temporary, union.owners());
    Stat stat = new Stat();
    lower.stat(stat);
    Stat made = new Stat();
    copy.stat(made);
    LayerDir above = lower.parent();
    SharedFd from = above == null ? lower.pin() : above.pin();
    try {
      // by its name where it has one: its mode may keep everybody out
      Name name = above == null ? Name.DOT : lower.name();
      MetadataCopy.begin(
          new HostFile(sys, from.fd(), name, lower.layer().ownerOverride()),
          stat,
          copy,
          made,
          CopiedOwners.from(lower.layer(), union.options().owners()),
          false);
    } finally {
      from.unpin();
    }
    protection.mark(copy, ProtectionMark.ofHost(stat));
    MetadataCopy.finish(stat, copy);
  }
}
