package io.unionfs.sys;

/** What statfs(2) says of a file system; reusable. */
public final class StatFs {
  public long type;
  public long bsize;
  public long blocks;
  public long bfree;
  public long bavail;
  public long files;
  public long ffree;
  public long fsid;
  public long namelen;
  public long frsize;
  public long flags;

  /* Offsets of struct statfs on 64-bit machines (asm-generic/statfs.h). */
  void read(long at) {
    type = NativeMemory.getLong(at);
    bsize = NativeMemory.getLong(at + 8);
    blocks = NativeMemory.getLong(at + 16);
    bfree = NativeMemory.getLong(at + 24);
    bavail = NativeMemory.getLong(at + 32);
    files = NativeMemory.getLong(at + 40);
    ffree = NativeMemory.getLong(at + 48);
    fsid = NativeMemory.getLong(at + 56);
    namelen = NativeMemory.getLong(at + 64);
    frsize = NativeMemory.getLong(at + 72);
    flags = NativeMemory.getLong(at + 80);
  }
}
