package io.unionfs.core;

/** Which attributes of a node to change, and to what; reusable. */
public final class SetAttr {
  public static final int MODE = 1;
  public static final int UID = 2;
  public static final int GID = 4;
  public static final int SIZE = 8;
  public static final int ATIME = 16;
  public static final int MTIME = 32;

  /** The constants above of the fields that count. */
  public int valid;

  /** Permission bits; the type bits are ignored. */
  public int mode;

  public int uid;
  public int gid;

  /** In bytes. */
  public long size;

  /** In seconds since the epoch. */
  public long atime;

  public long mtime;

  /** In nanoseconds, or {@code UTIME_NOW}. */
  public int atimeNsec;

  public int mtimeNsec;

  /** Whether a change of the size takes set-id bits away, which the host leaves to a root. */
  public boolean killPrivileges;

  /** Whether the mtime may be the kernel's own, of data that was written or of "now". */
  public boolean afterWrite;

  SetAttr copy() {
    SetAttr copy = new SetAttr();
    copy.valid = valid;
    copy.mode = mode;
    copy.uid = uid;
    copy.gid = gid;
    copy.size = size;
    copy.atime = atime;
    copy.mtime = mtime;
    copy.atimeNsec = atimeNsec;
    copy.mtimeNsec = mtimeNsec;
    copy.killPrivileges = killPrivileges;
    copy.afterWrite = afterWrite;
    return copy;
  }

  /** Whether one of these fields is to be changed. */
  public boolean has(int fields) {
    return (valid & fields) != 0;
  }
}
