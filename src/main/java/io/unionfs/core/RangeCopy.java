package io.unionfs.core;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Sys;

/** copy_file_range(2) between two open files, also where the host has none for them. */
final class RangeCopy {
  private static final int BUFFER_BYTES = 1 << 20;

  private RangeCopy() {}

  /** Copies a part, at least one byte unless the source ends; how many bytes. */
  static long copy(Sys sys, int in, long inOffset, int out, long outOffset, long length)
      throws ErrnoException {
    long copied = sys.tryCopyFileRange(in, inOffset, out, outOffset, length);
    if (copied >= 0) {
      return copied;
    }
    switch ((int) -copied) {
      case Errno.EXDEV, Errno.EOPNOTSUPP, Errno.ENOSYS -> {
        return buffered(sys, in, inOffset, out, outOffset, length);
      }
      default -> throw ErrnoException.of((int) -copied);
    }
  }

  private static long buffered(Sys sys, int in, long inOffset, int out, long outOffset, long length)
      throws ErrnoException {
    try (NativeMemory buffer = NativeMemory.allocate(BUFFER_BYTES)) {
      int read = sys.pread(in, buffer.address(), (int) Math.min(length, BUFFER_BYTES), inOffset);
      if (read > 0) {
        ExtentCopy.writeFully(sys, out, buffer.address(), read, outOffset);
      }
      return read;
    }
  }
}
