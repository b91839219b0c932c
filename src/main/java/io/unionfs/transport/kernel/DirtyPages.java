package io.unionfs.transport.kernel;

import io.unionfs.sys.Errno;
import io.unionfs.sys.FuseDevice;
import io.unionfs.sys.NativeMemory;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * The kernel sends LSEEK without writing back what it keeps of the file, so the upper may show a hole
 * where data is. FUSE_NOTIFY_INVAL_INODE for all of a file makes the kernel write its dirty pages and
 * drop the clean ones, and does not return before that is done: other readers serve those WRITEs
 * meanwhile. Half of the threads at most may wait here, so that there are some.
 *
 *   fuse_out_header                   0 u32 length, 4 s32 code, 8 u64 unique, which is 0
 *   fuse_notify_inval_inode_out      16 u64 node id, 24 s64 offset, 32 s64 length
 */
/** The kernel's unwritten data of a file, made known to the host. */
final class DirtyPages {
  private static final Logger LOG = LoggerFactory.getLogger(DirtyPages.class);
  private static final int NOTIFY_INVAL_INODE = 2;
  private static final int SIZE = 40;

  private final FuseDevice device;
  private final boolean kept;
  private final Semaphore waiters;

  DirtyPages(FuseDevice device, Negotiation agreed, int threads) {
    this.device = device;
    this.kept = agreed.writeback();
    this.waiters = new Semaphore(threads / 2);
  }

  /** Has a file's data written back; false if that cannot be had now. */
  boolean writeBack(long nodeId) {
    if (!kept) {
      return true;
    }
    if (!waiters.tryAcquire()) {
      return false;
    }
    try (NativeMemory message = NativeMemory.allocate(SIZE)) {
      long at = message.address();
      NativeMemory.putInt(at, SIZE);
      NativeMemory.putInt(at + 4, NOTIFY_INVAL_INODE);
      NativeMemory.putLong(at + 8, 0);
      NativeMemory.putLong(at + 16, nodeId);
      NativeMemory.putLong(at + 24, 0);
      NativeMemory.putLong(at + 32, 0); // to the end
      int errno = device.write(at, SIZE);
      if (errno != 0 && errno != Errno.ENOENT) {
        LOG.warn("node {} cannot be written back: {}", nodeId, Errno.message(errno));
        return false;
      }
      return true;
    } finally {
      waiters.release();
    }
  }
}
