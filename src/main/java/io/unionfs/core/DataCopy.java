package io.unionfs.core;

import io.unionfs.layer.Layer;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The copying of a lower file's data, the cheapest way that the host offers: shared blocks, one
 * read and one write of what is small, else part by part.
 */
final class DataCopy {
  /** Up to here copy_file_range(2) costs more than a read and a write. */
  private static final int SMALL_BYTES = 1 << 15;

  private static final int SECTOR = 512;

  private final UnionState union;
  private final Sys sys;

  /* Lowers whose files cannot share blocks with the upper's: each try would be a call in vain. */
  private final Set<Layer> apart = ConcurrentHashMap.newKeySet();

  DataCopy(UnionState union) {
    this.union = union;
    this.sys = union.sys();
  }

  /**
   * Copies data into a file that is empty.
   *
   * @param layer the one that {@code from} is in
   * @param stat the attributes of {@code from}
   * @param limit how many bytes are wanted, of those that there are
   * @return whether data was written that only fsync(2) makes durable: false for a reflink and for
   *     a file without data
   */
  boolean copy(Layer layer, int from, Stat stat, int to, long limit) throws ErrnoException {
    long size = Math.min(stat.size, limit);
    if (size == 0 || (size == stat.size && isReflinked(layer, from, to))) {
      return false;
    }
    boolean solid = stat.blocks * SECTOR >= stat.size;
    if (size <= SMALL_BYTES && solid) {
      small(from, to, (int) size);
      return true;
    }
    return ExtentCopy.copy(sys, from, to, size, !union.options().isVolatile());
  }

  private boolean isReflinked(Layer layer, int from, int to) {
    if (apart.contains(layer)) {
      return false;
    }
    int errno = sys.tryFiclone(from, to);
    if (errno == Errno.EXDEV || errno == Errno.EOPNOTSUPP || errno == Errno.ENOTTY) {
      apart.add(layer);
    }
    return errno == 0;
  }

  private void small(int from, int to, int size) throws ErrnoException {
    try (NativeMemory buffer = NativeMemory.allocate(size)) {
      int done = 0;
      while (done < size) {
        int read = sys.pread(from, buffer.address() + done, size - done, done);
        if (read == 0) {
          throw ErrnoException.of(Errno.EIO); // shorter than it was when the copy began
        }
        done += read;
      }
      ExtentCopy.writeFully(sys, to, buffer.address(), size, 0);
    }
  }
}
