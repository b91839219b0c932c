package io.unionfs.sys;

/** What statx(2) says of a file; reusable, so that asking costs no allocation. */
public final class Stat {
  public long ino;

  /** In bytes. */
  public long size;

  /** In units of 512 bytes. */
  public long blocks;

  /** The file system, as makedev(3) packs it. */
  public long dev;

  /** The device of a device node, as makedev(3) packs it. */
  public long rdev;

  public long mntId;

  /** Type and permission bits. */
  public int mode;

  public int nlink;
  public int uid;
  public int gid;
  public int blksize;

  /** In seconds since the epoch. */
  public long atime;

  public long mtime;
  public long ctime;
  public long btime;
  public int atimeNsec;
  public int mtimeNsec;
  public int ctimeNsec;
  public int btimeNsec;
  public long attributes;
  public long attributesMask;

  public void copyFrom(Stat other) {
    ino = other.ino;
    size = other.size;
    blocks = other.blocks;
    dev = other.dev;
    rdev = other.rdev;
    mntId = other.mntId;
    mode = other.mode;
    nlink = other.nlink;
    uid = other.uid;
    gid = other.gid;
    blksize = other.blksize;
    atime = other.atime;
    mtime = other.mtime;
    ctime = other.ctime;
    btime = other.btime;
    atimeNsec = other.atimeNsec;
    mtimeNsec = other.mtimeNsec;
    ctimeNsec = other.ctimeNsec;
    btimeNsec = other.btimeNsec;
    attributes = other.attributes;
    attributesMask = other.attributesMask;
  }

  /** The type bits of the mode. */
  public int type() {
    return mode & Linux.S_IFMT;
  }

  /** The permission bits of the mode, set-id and sticky bits among them. */
  public int permissions() {
    return mode & 07777;
  }

  public boolean isDirectory() {
    return type() == Linux.S_IFDIR;
  }

  public boolean isRegular() {
    return type() == Linux.S_IFREG;
  }

  public boolean isSymlink() {
    return type() == Linux.S_IFLNK;
  }

  /** Whether it is a character device 0:0, overlayfs's whiteout. */
  public boolean isWhiteoutDevice() {
    return type() == Linux.S_IFCHR && rdev == 0;
  }

  /* Offsets of struct statx (linux/stat.h), the same on every architecture. */
  void read(long at) {
    blksize = NativeMemory.getInt(at + 4);
    attributes = NativeMemory.getLong(at + 8);
    nlink = NativeMemory.getInt(at + 16);
    uid = NativeMemory.getInt(at + 20);
    gid = NativeMemory.getInt(at + 24);
    mode = NativeMemory.getShort(at + 28) & 0xffff;
    ino = NativeMemory.getLong(at + 32);
    size = NativeMemory.getLong(at + 40);
    blocks = NativeMemory.getLong(at + 48);
    attributesMask = NativeMemory.getLong(at + 56);
    atime = NativeMemory.getLong(at + 64);
    atimeNsec = NativeMemory.getInt(at + 72);
    btime = NativeMemory.getLong(at + 80);
    btimeNsec = NativeMemory.getInt(at + 88);
    ctime = NativeMemory.getLong(at + 96);
    ctimeNsec = NativeMemory.getInt(at + 104);
    mtime = NativeMemory.getLong(at + 112);
    mtimeNsec = NativeMemory.getInt(at + 120);
    rdev = Linux.makedev(NativeMemory.getInt(at + 128), NativeMemory.getInt(at + 132));
    dev = Linux.makedev(NativeMemory.getInt(at + 136), NativeMemory.getInt(at + 140));
    mntId = NativeMemory.getLong(at + 144);
  }
}
