package io.unionfs.transport.jnrfuse;

import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Stat;
import io.unionfs.transport.AclNarrowing;
import io.unionfs.transport.jnrfuse.Layouts.StatAt;

/** What the kernel is told about a node. */
final class Attributes {
  private final UnionFileSystem fs;
  private final AclNarrowing acl;
  private final LinkedNodes linked;
  private final HiddenFiles hidden;

  Attributes(UnionFileSystem fs, AclNarrowing acl, LinkedNodes linked, HiddenFiles hidden) {
    this.fs = fs;
    this.acl = acl;
    this.linked = linked;
    this.hidden = hidden;
  }

  /** Fills the {@code struct stat} at an address; libfuse has zeroed it. */
  int answer(Node node, long to) throws ErrnoException {
    Stat stat = RequestThread.scratchStat();
    fs.getattr(node, stat);
    acl.narrow(node, stat);
    int nlink = stat.nlink;
    if (nlink > 1 && !Linux.isDir(stat.mode)) {
      linked.add(stat.ino);
    }
    if (nlink > 0
        && RequestThread.currentOpcode() == RequestThread.GETATTR
        && hidden.isHidden(RequestThread.currentNodeId())) {
      nlink++; // libfuse takes one away for the hidden name, which does not exist
    }
    NativeMemory.putLong(to + StatAt.INO, stat.ino);
    NativeMemory.putInt(to + StatAt.MODE, stat.mode);
    NativeMemory.putInt(to + StatAt.NLINK, nlink); // 8 bytes on x86-64, whose upper half is zero
    NativeMemory.putInt(to + StatAt.UID, stat.uid);
    NativeMemory.putInt(to + StatAt.GID, stat.gid);
    NativeMemory.putLong(to + StatAt.RDEV, stat.rdev);
    NativeMemory.putLong(to + StatAt.LENGTH, stat.size);
    NativeMemory.putInt(to + StatAt.BLKSIZE, stat.blksize);
    NativeMemory.putLong(to + StatAt.BLOCKS, stat.blocks);
    NativeMemory.putLong(to + StatAt.ATIME, stat.atime);
    NativeMemory.putLong(to + StatAt.ATIME_NSEC, stat.atimeNsec);
    NativeMemory.putLong(to + StatAt.MTIME, stat.mtime);
    NativeMemory.putLong(to + StatAt.MTIME_NSEC, stat.mtimeNsec);
    NativeMemory.putLong(to + StatAt.CTIME, stat.ctime);
    NativeMemory.putLong(to + StatAt.CTIME_NSEC, stat.ctimeNsec);
    return 0;
  }
}
