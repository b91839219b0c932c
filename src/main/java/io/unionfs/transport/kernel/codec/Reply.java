package io.unionfs.transport.kernel.codec;

import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Stat;
import io.unionfs.sys.StatFs;

/**
 * A reply being written into native memory; reusable. The body is appended piece by piece behind
 * the header, whose length and error {@link #finish} fills in.
 */
public final class Reply {
  public static final int HEADER_SIZE = 16;
  public static final int ENTRY_SIZE = 128;
  public static final int ATTR_SIZE = 88;
  public static final int DIRENT_SIZE = 24;
  private static final int STATX_SIZE = 288;
  private static final int STATFS_SIZE = 80;
  private static final int ENTRY_ATTR = 40;
  private static final int UNIQUE = 8;

  public static final int FOPEN_KEEP_CACHE = 2;
  public static final int FOPEN_CACHE_DIR = 8;
  public static final int FOPEN_PARALLEL_DIRECT_WRITES = 1 << 6;
  public static final int FOPEN_PASSTHROUGH = 1 << 7;

  private static final int STATX_BASIC_AND_BTIME = 0x7ff | 0x800;

  private long address;
  private int length;

  /** Starts a reply at an address, to a request. */
  public void start(long at, long unique) {
    address = at;
    length = HEADER_SIZE;
    NativeMemory.putLong(at + UNIQUE, unique);
  }

  /** Takes back everything but the header. */
  public void clear() {
    length = HEADER_SIZE;
  }

  /** Completes the header; {@code errno} 0 means success. */
  public void finish(int errno) {
    if (errno != 0) {
      length = HEADER_SIZE;
    }
    NativeMemory.putInt(address, length);
    NativeMemory.putInt(address + 4, -errno);
  }

  public long address() {
    return address;
  }

  /** The length of the message so far, header included. */
  public int length() {
    return length;
  }

  /** The end of the body, where data may be put that {@link #advance} then counts. */
  public long end() {
    return address + length;
  }

  /** Counts bytes that were put at {@link #end}. */
  public void advance(int bytes) {
    length += bytes;
  }

  public void u32(int value) {
    NativeMemory.putInt(end(), value);
    length += Integer.BYTES;
  }

  public void u64(long value) {
    NativeMemory.putLong(end(), value);
    length += Long.BYTES;
  }

  public void bytes(byte[] value) {
    NativeMemory.putBytes(end(), value, 0, value.length);
    length += value.length;
  }

  /** {@code fuse_entry_out} of a node. */
  public void entry(long nodeId, int generation, Timeouts timeouts, Stat stat) {
    long at = end();
    NativeMemory.putLong(at, nodeId);
    NativeMemory.putLong(at + 8, generation & 0xffffffffL);
    NativeMemory.putLong(at + 16, timeouts.entrySeconds());
    NativeMemory.putLong(at + 24, timeouts.attrSeconds());
    NativeMemory.putInt(at + 32, timeouts.entryNanos());
    NativeMemory.putInt(at + 36, timeouts.attrNanos());
    putAttr(at + ENTRY_ATTR, stat);
    length += ENTRY_SIZE;
  }

  /** {@code fuse_entry_out} that says that there is no such name. */
  public void negativeEntry(Timeouts timeouts) {
    long at = end();
    NativeMemory.zero(at, ENTRY_SIZE);
    NativeMemory.putLong(at + 16, timeouts.entrySeconds());
    NativeMemory.putInt(at + 32, timeouts.entryNanos());
    length += ENTRY_SIZE;
  }

  /** {@code fuse_attr_out}. */
  public void attr(Timeouts timeouts, Stat stat) {
    long at = end();
    NativeMemory.putLong(at, timeouts.attrSeconds());
    NativeMemory.putInt(at + 8, timeouts.attrNanos());
    NativeMemory.putInt(at + 12, 0);
    putAttr(at + 16, stat);
    length += 16 + ATTR_SIZE;
  }

  private static void putAttr(long at, Stat stat) {
    NativeMemory.putLong(at, stat.ino);
    NativeMemory.putLong(at + 8, stat.size);
    NativeMemory.putLong(at + 16, stat.blocks);
    NativeMemory.putLong(at + 24, stat.atime);
    NativeMemory.putLong(at + 32, stat.mtime);
    NativeMemory.putLong(at + 40, stat.ctime);
    NativeMemory.putInt(at + 48, stat.atimeNsec);
    NativeMemory.putInt(at + 52, stat.mtimeNsec);
    NativeMemory.putInt(at + 56, stat.ctimeNsec);
    NativeMemory.putInt(at + 60, stat.mode);
    NativeMemory.putInt(at + 64, stat.nlink);
    NativeMemory.putInt(at + 68, stat.uid);
    NativeMemory.putInt(at + 72, stat.gid);
    // the low half of makedev(3) is the kernel's own encoding of 12 and 20 bits
    NativeMemory.putInt(at + 76, (int) stat.rdev);
    NativeMemory.putInt(at + 80, stat.blksize);
    NativeMemory.putInt(at + 84, 0);
  }

  /** {@code fuse_statx_out}: basic attributes and the time of birth. */
  public void statx(Timeouts timeouts, Stat stat) {
    long at = end();
    NativeMemory.zero(at, STATX_SIZE);
    NativeMemory.putLong(at, timeouts.attrSeconds());
    NativeMemory.putInt(at + 8, timeouts.attrNanos());
    long body = at + 32;
    NativeMemory.putInt(body, STATX_BASIC_AND_BTIME);
    NativeMemory.putInt(body + 4, stat.blksize);
    NativeMemory.putInt(body + 16, stat.nlink);
    NativeMemory.putInt(body + 20, stat.uid);
    NativeMemory.putInt(body + 24, stat.gid);
    NativeMemory.putShort(body + 28, (short) stat.mode);
    NativeMemory.putLong(body + 32, stat.ino);
    NativeMemory.putLong(body + 40, stat.size);
    NativeMemory.putLong(body + 48, stat.blocks);
    putTime(body + 64, stat.atime, stat.atimeNsec);
    putTime(body + 80, stat.btime, stat.btimeNsec);
    putTime(body + 96, stat.ctime, stat.ctimeNsec);
    putTime(body + 112, stat.mtime, stat.mtimeNsec);
    int rdev = (int) stat.rdev;
    NativeMemory.putInt(body + 128, (rdev >>> 8) & 0xfff);
    NativeMemory.putInt(body + 132, (rdev & 0xff) | ((rdev >>> 12) & 0xfff00));
    length += STATX_SIZE;
  }

  private static void putTime(long at, long seconds, int nanos) {
    NativeMemory.putLong(at, seconds);
    NativeMemory.putInt(at + 8, nanos);
  }

  /** {@code fuse_open_out}. */
  public void open(long fh, int openFlags, int backingId) {
    u64(fh);
    u32(openFlags);
    u32(backingId);
  }

  /** {@code fuse_write_out} or {@code fuse_getxattr_out}: a size. */
  public void size(int bytes) {
    u32(bytes);
    u32(0);
  }

  /** {@code fuse_ioctl_out} of a successful request, before its data. */
  public void ioctl() {
    u64(0);
    u64(0);
  }

  /** {@code fuse_kstatfs}. */
  public void statfs(StatFs stat) {
    long at = end();
    NativeMemory.zero(at, STATFS_SIZE);
    NativeMemory.putLong(at, stat.blocks);
    NativeMemory.putLong(at + 8, stat.bfree);
    NativeMemory.putLong(at + 16, stat.bavail);
    NativeMemory.putLong(at + 24, stat.files);
    NativeMemory.putLong(at + 32, stat.ffree);
    NativeMemory.putInt(at + 40, (int) stat.bsize);
    NativeMemory.putInt(at + 44, (int) stat.namelen);
    NativeMemory.putInt(at + 48, (int) stat.frsize);
    length += STATFS_SIZE;
  }

  /** The room that a directory entry takes, after an entry of {@code plus} bytes. */
  public static int direntSize(int nameLength, int plus) {
    return (plus + DIRENT_SIZE + nameLength + 7) & ~7;
  }

  /** {@code fuse_dirent}; its name of {@code nameLength} bytes is then put at the address given. */
  public long dirent(long ino, long offset, int type, int nameLength) {
    long at = end();
    NativeMemory.putLong(at, ino);
    NativeMemory.putLong(at + 8, offset);
    NativeMemory.putInt(at + 16, nameLength);
    NativeMemory.putInt(at + 20, type);
    int padded = (DIRENT_SIZE + nameLength + 7) & ~7;
    NativeMemory.putLong(at + padded - 8, 0); // the padding, before the name is put over it
    length += padded;
    return at + DIRENT_SIZE;
  }

  /** {@code fuse_entry_out} of a directory entry that the kernel is to look up by itself. */
  public void noEntry() {
    NativeMemory.zero(end(), ENTRY_SIZE);
    length += ENTRY_SIZE;
  }
}
