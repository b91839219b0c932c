package io.unionfs.sys;

import static io.unionfs.sys.CallArea.STRUCT;
import static io.unionfs.sys.CallArea.area;

/**
 * The system calls on a descriptor of {@code /dev/fuse}. They return errors instead of throwing
 * them: most are everyday answers of the protocol. Safe for use by any number of threads.
 */
public final class FuseDevice {
  private static final long F_READ = Native.symbol("read");
  private static final long F_WRITE = Native.symbol("write");
  private static final long F_IOCTL = Native.symbol("ioctl");
  private static final long BACKING_OPEN = 0x4010e501L;
  private static final long BACKING_CLOSE = 0x4004e502L;

  private final int fd;

  /** Speaks on a descriptor, which stays its owner's. */
  public FuseDevice(int fd) {
    this.fd = fd;
  }

  /** Waits for a message and reads it: its length, or the negated errno. */
  public int read(long address, int size) {
    return Native.orErrno(Native.call(F_READ, fd, address, size));
  }

  /**
   * Writes one message: 0 or an errno.
   *
   * <p>{@code ENOENT}: the request was interrupted before it was read by anybody, or the inode of a
   * notification is not known. {@code ENODEV}: the connection has ended.
   */
  public int write(long address, int length) {
    long result;
    do {
      result = Native.call(F_WRITE, fd, address, length);
    } while (Native.interrupted(result));
    return Native.errnoOf(result);
  }

  /**
   * Registers a file that reads and writes of an inode may go to ({@code
   * FUSE_DEV_IOC_BACKING_OPEN}, Linux 6.9): its positive number, or the negated errno.
   */
  public int openBacking(int fileFd) {
    long at = area() + STRUCT;
    NativeMemory.putInt(at, fileFd);
    NativeMemory.putInt(at + 4, 0);
    NativeMemory.putLong(at + 8, 0);
    return Native.orErrno(Native.call(F_IOCTL, fd, BACKING_OPEN, at));
  }

  /** Ends a registration, which opens that use it survive: 0 or an errno. */
  public int closeBacking(int backingId) {
    long at = area() + STRUCT;
    NativeMemory.putInt(at, backingId);
    return Native.errnoOf(Native.call(F_IOCTL, fd, BACKING_CLOSE, at));
  }
}
