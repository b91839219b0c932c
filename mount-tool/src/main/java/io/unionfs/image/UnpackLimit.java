package io.unionfs.image;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.StatFs;
import io.unionfs.sys.Sys;

/*
 * A few kilobytes of a compressed archive can stand for a disk full of data, or for millions of empty
 * files. Every object counts as a block, whatever its size; holes count as nothing.
 */
/** How much may be unpacked. */
public final class UnpackLimit {
  /* What a file system needs for an inode and its entry, roughly. */
  private static final long OBJECT_BYTES = 4096;

  /* Of the free space, the part that is left to others. */
  private static final int RESERVE = 20;

  private final long most;
  private final String reason;
  private long used;

  private UnpackLimit(long most, String reason) {
    this.most = most;
    this.reason = reason;
  }

  /** A limit that the user gave, in bytes. */
  public static UnpackLimit ofBytes(long most) {
    return new UnpackLimit(most, "the limit of " + most + " bytes");
  }

  /** As much as is free on a directory's file system, but for a twentieth. */
  public static UnpackLimit ofFreeSpace(Sys sys, int dirFd) throws ErrnoException {
    StatFs free = new StatFs();
    sys.fstatfs(dirFd, free);
    long bytes = free.bavail * Math.max(free.frsize, 1);
    return new UnpackLimit(
        bytes - bytes / RESERVE, "what is free on the file system, less a twentieth");
  }

  void object() throws LayerException {
    data(OBJECT_BYTES);
  }

  void data(long bytes) throws LayerException {
    used += bytes;
    if (used > most) {
      throw new LayerException(
          "it unpacks to more than " + reason + "; see --limit for another limit");
    }
  }
}
