package io.unionfs.image;

import io.unionfs.sys.Stat;

/** A file of the host, under whichever of its names. */
record HostInode(long dev, long ino) {
  static HostInode of(Stat stat) {
    return new HostInode(stat.dev, stat.ino);
  }
}
