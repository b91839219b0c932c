package io.unionfs.transport.kernel;

import io.unionfs.sys.Errno;
import io.unionfs.sys.FuseDevice;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 *   fuse_out_header                   0 u32 length, 4 s32 code, 8 u64 unique, which is 0
 *   fuse_notify_inval_inode_out      16 u64 node id, 24 s64 offset, 32 s64 length
 *   fuse_notify_inval_entry_out      16 u64 directory's id, 24 u32 length of the name, 28 u32 flags, 32 name, NUL
 *   fuse_notify_prune_out            16 u32 number, 32 u64 node ids
 */
/** What the kernel is told without having asked. */
final class Notices {
  private static final Logger LOG = LoggerFactory.getLogger(Notices.class);
  private static final int INVAL_INODE = 2;
  private static final int INVAL_ENTRY = 3;
  private static final int PRUNE = 9;
  private static final int ENTRY_SIZE = 32;
  private static final int PRUNE_SIZE = 32;
  private static final int SIZE = 40;
  private static final long ATTRIBUTES_ONLY = -1;
  private static final long ALL_PAGES = 0;

  private final FuseDevice device;
  private final Semaphore waiters;

  /**
   * @param threads the most threads that serve requests
   */
  Notices(FuseDevice device, int threads) {
    this.device = device;
    this.waiters = new Semaphore(threads / 2);
  }

  /**
   * Says that a file's attributes are not what the kernel thinks: the server took set-id bits away,
   * flags changed, or the backing file is written to. Waits for nothing.
   */
  void attributesChanged(long nodeId) {
    invalidate(nodeId, ATTRIBUTES_ONLY);
  }

  /*
   * The kernel sends LSEEK without writing back what it keeps of the file, so the upper may show a hole
   * where data is: in all profiles, for a mapping's data are kept also where those of write(2) are not.
   * Told that all pages are invalid it writes the dirty ones and drops the clean ones, and the notice
   * does not return before that is done: other readers serve those WRITEs meanwhile. Half of the threads
   * at most may wait here, so that there are some.
   */
  /** Has a file's data written back; false if that cannot be had now. */
  boolean writeBack(long nodeId) {
    if (!waiters.tryAcquire()) {
      return false;
    }
    try {
      return invalidate(nodeId, ALL_PAGES);
    } finally {
      waiters.release();
    }
  }

  /*
   * The kernel takes the lock of the directory for this, as it does for each LOOKUP and READDIRPLUS, so an
   * answer that is on its way has arrived before. Whoever makes or removes a name holds it too: it is not to
   * be called by a thread, or with a lock, that such a request may have to wait for.
   */
  /** Says that a name leads elsewhere; what is below it in the kernel's memory goes with it. */
  void nameChanged(long directoryId, Name name) {
    int size = ENTRY_SIZE + name.length() + 1;
    try (NativeMemory message = NativeMemory.allocate(size)) {
      long at = message.address();
      NativeMemory.putInt(at, size);
      NativeMemory.putInt(at + 4, INVAL_ENTRY);
      NativeMemory.putLong(at + 8, 0);
      NativeMemory.putLong(at + 16, directoryId);
      NativeMemory.putInt(at + 24, name.length());
      NativeMemory.putInt(at + 28, 0);
      int end = name.copyTo(at + ENTRY_SIZE);
      NativeMemory.putByte(at + ENTRY_SIZE + end, (byte) 0);
      int errno = device.write(at, size);
      if (errno != 0 && errno != Errno.ENOENT && errno != Errno.ENODEV) {
        LOG.warn(
            "a notice about {} in node {} was refused: {}",
            name,
            directoryId,
            Errno.message(errno));
      }
    }
  }

  /**
   * Says that a directory has other attributes and entries: a listing of it that the kernel keeps
   * goes. As {@link #nameChanged}, it may wait.
   */
  void directoryChanged(long nodeId) {
    invalidate(nodeId, ALL_PAGES);
  }

  /**
   * Asks the kernel to forget nodes that nothing uses. It may wait until their data are written.
   *
   * @return 0, or {@code EINVAL} if it does not know how
   */
  int prune(long[] nodeIds, int number) {
    int size = PRUNE_SIZE + number * Long.BYTES;
    try (NativeMemory message = NativeMemory.allocate(size)) {
      long at = message.address();
      NativeMemory.zero(at, PRUNE_SIZE);
      NativeMemory.putInt(at, size);
      NativeMemory.putInt(at + 4, PRUNE);
      NativeMemory.putInt(at + 16, number);
      for (int i = 0; i < number; i++) {
        NativeMemory.putLong(at + PRUNE_SIZE + (long) i * Long.BYTES, nodeIds[i]);
      }
      return device.write(at, size);
    }
  }

  private boolean invalidate(long nodeId, long offset) {
    try (NativeMemory message = NativeMemory.allocate(SIZE)) {
      long at = message.address();
      NativeMemory.putInt(at, SIZE);
      NativeMemory.putInt(at + 4, INVAL_INODE);
      NativeMemory.putLong(at + 8, 0);
      NativeMemory.putLong(at + 16, nodeId);
      NativeMemory.putLong(at + 24, offset);
      NativeMemory.putLong(at + 32, 0); // to the end
      int errno = device.write(at, SIZE);
      if (errno != 0 && errno != Errno.ENOENT && errno != Errno.ENODEV) {
        LOG.warn("a notice about node {} was refused: {}", nodeId, Errno.message(errno));
        return false;
      }
      return true;
    }
  }
}
