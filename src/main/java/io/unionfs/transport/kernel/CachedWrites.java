package io.unionfs.transport.kernel;

import io.unionfs.core.FileNode;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;

/** Writes of pages that the kernel kept for a while. */
final class CachedWrites {
  private CachedWrites() {}

  /*
   * The kernel takes a short answer to write-back for success and drops the rest of the pages, so
   * what did not fit must be tried again, and be an error if it does not fit for good.
   */
  /** Writes all of it, or throws. */
  static void write(
      UnionFileSystem fs, KeptTimes keptTimes, FileNode file, long address, int length, long offset)
      throws ErrnoException {
    keptTimes.beforeWrite(file);
    int done = 0;
    while (done < length) {
      int wrote = fs.write(file, address + done, length - done, offset + done);
      if (wrote == 0) {
        throw ErrnoException.of(Errno.EIO);
      }
      done += wrote;
    }
    keptTimes.afterWrite(file);
  }
}
