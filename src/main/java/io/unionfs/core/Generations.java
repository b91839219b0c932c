package io.unionfs.core;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;

/*
 * Inode number and generation together name a file for good, in file handles that outlive the mount.
 * A lower never changes, so the time of birth of its inodes will do, and a file keeps that of its
 * lower when it is copied up. The upper's inode numbers are used again, perhaps within one tick of the
 * clock; its file system tells such inodes apart in its own handles.
 */
/** The generations of inode numbers. */
final class Generations {
  private static final int ODD = 0x9E3779B9;

  private Generations() {}

  /* With the number in it, so that what was made in one tick of the clock does not share one. */
  /** That of a lower inode. */
  static int ofLower(Stat stat) {
    boolean born = stat.btime != 0 || stat.btimeNsec != 0;
    long seconds = born ? stat.btime : stat.ctime;
    int nanos = born ? stat.btimeNsec : stat.ctimeNsec;
    return finish((Long.hashCode(seconds) * ODD + nanos) * ODD + Long.hashCode(stat.ino));
  }

  /** That of an upper inode, found by its name. */
  static int ofUpper(Sys sys, int dirFd, Name name, Stat stat) throws ErrnoException {
    FileHandle handle = sys.nameToHandleAt(dirFd, name);
    return handle == null ? ofLower(stat) : ofHandle(handle);
  }

  static int ofHandle(FileHandle handle) {
    int hash = handle.type();
    for (byte b : handle.bytes()) {
      hash = (hash ^ (b & 0xff)) * 0x01000193; // FNV-1a
    }
    return finish(hash);
  }

  private static int finish(int hash) {
    int mixed = hash ^ (hash >>> 16);
    mixed *= ODD;
    mixed ^= mixed >>> 15;
    return mixed == 0 ? 1 : mixed;
  }
}
