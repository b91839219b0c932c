package io.unionfs.transport.jnrfuse;

import io.unionfs.sys.Errno;
import io.unionfs.sys.NativeMemory;
import jnr.ffi.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * libfuse lets its user supply the channel (fuse_chan_new), and there is a reason to: libfuse has
 * one attribute time-out for all files, while attributes may stay in the kernel for good unless the
 * file has several names. Each name is an inode of its own to the kernel, and a change through one
 * leaves the others stale. With a time-out of 0 for all files, each path lookup would ask for the
 * mode of each directory on the way (measured: 118 instead of 3 microseconds for a stat(2) four
 * directories deep). So replies that carry attributes pass here on their way to the kernel, and
 * lose their time-out if the file is one of LinkedNodes. Their layouts are the kernel's ABI:
 *
 *   fuse_out_header  0 u32 len, 4 s32 error, 8 u64 unique
 *   fuse_entry_out   0 u64 nodeid, 8 u64 generation, 16 u64 entry_valid, 24 u64 attr_valid,
 *                    32 u32 entry_valid_nsec, 36 u32 attr_valid_nsec, 40 fuse_attr
 *   fuse_attr_out    0 u64 attr_valid, 8 u32 attr_valid_nsec, 12 u32 dummy, 16 fuse_attr
 *   fuse_attr        0 u64 ino, ...
 */

/** The device of a mount, as libfuse writes to it and the request threads read from it. */
final class Channel implements NativeFunction {
  /** What libfuse needs for 128 KiB of data with the headers before it. */
  static final int BUFFER_SIZE = 0x21000;

  private static final Logger LOG = LoggerFactory.getLogger(Channel.class);

  private static final int IOVEC_SIZE = 16;
  private static final int HEADER_ERROR = 4;
  private static final int ENTRY_ATTR_VALID = 24;
  private static final int ENTRY_ATTR_VALID_NSEC = 36;
  private static final int ENTRY_ATTR = 40;
  private static final int ATTR_VALID_NSEC = 8;
  private static final int ATTR = 16;

  private static final LibC LIBC = LibC.INSTANCE;

  private final int deviceFd;
  private final LinkedNodes linked;

  /** Keeps the function that libfuse calls. */
  private final Pointer function = NativeFunction.pointer(this);

  /**
   * The channel over a descriptor of {@code /dev/fuse}, which stays the caller's.
   *
   * @param linked the files whose attributes the kernel must ask for each time
   */
  Channel(int deviceFd, LinkedNodes linked) {
    this.deviceFd = deviceFd;
    this.linked = linked;
  }

  /** The address of libfuse's {@code send}. */
  long address() {
    return function.address();
  }

  /**
   * Waits for a request and reads it.
   *
   * @return its size; 0: the mount is gone; negative: an errno that means the same
   */
  int receive(long buffer) {
    while (true) {
      long size = LIBC.read(deviceFd, buffer, BUFFER_SIZE);
      if (size > 0) {
        return (int) size;
      }
      int errno = size == 0 ? Errno.EIO : LibC.errno();
      switch (errno) {
        case Errno.ENODEV, Errno.ECONNABORTED -> {
          return 0;
        }
        case Errno.ENOENT, Errno.EINTR, Errno.EAGAIN -> {
          // The request was interrupted before it was read, or the read was.
        }
        default -> {
          return -errno;
        }
      }
    }
  }

  /** libfuse's {@code send}: an array of {@code count} struct iovec; 0 or a negated errno. */
  @Override
  public long call(long channel, long vector, long count, long unused, long unused2) {
    try {
      if (vector == 0) {
        return 0; // a request that has no reply is done
      }
      if (count == 2) {
        shorten(NativeMemory.getLong(vector), NativeMemory.getLong(vector + IOVEC_SIZE));
      }
      if (LIBC.writev(deviceFd, vector, (int) count) >= 0) {
        return 0;
      }
      int errno = LibC.errno();
      if (errno != Errno.ENOENT && errno != Errno.ENODEV) { // interrupted; unmounted
        LOG.debug("a reply was refused: {}", Errno.message(errno));
      }
      return -errno;
    } catch (Throwable e) {
      return -Errno.EIO;
    }
  }

  /** Takes the time-out off the attributes in a reply, if they are those of a linked file. */
  private void shorten(long header, long body) {
    if (NativeMemory.getInt(header + HEADER_ERROR) != 0) {
      return;
    }
    switch (RequestThread.currentOpcode()) {
      case RequestThread.LOOKUP,
          RequestThread.SYMLINK,
          RequestThread.MKNOD,
          RequestThread.MKDIR,
          RequestThread.LINK,
          RequestThread.CREATE -> {
        if (linked.mayContain(NativeMemory.getLong(body + ENTRY_ATTR))) {
          NativeMemory.putLong(body + ENTRY_ATTR_VALID, 0);
          NativeMemory.putInt(body + ENTRY_ATTR_VALID_NSEC, 0);
        }
      }
      case RequestThread.GETATTR, RequestThread.SETATTR -> {
        if (linked.mayContain(NativeMemory.getLong(body + ATTR))) {
          NativeMemory.putLong(body, 0);
          NativeMemory.putInt(body + ATTR_VALID_NSEC, 0);
        }
      }
      default -> {
        // No attributes in the reply.
      }
    }
  }
}
