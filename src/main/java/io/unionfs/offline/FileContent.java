package io.unionfs.offline;

import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.Arrays;

/** The data of a regular file of a layer, opened for reading when they are wanted. */
public final class FileContent {
  private static final int CHUNK_BYTES = 256 << 10;

  private final Place place;

  FileContent(Place place) {
    this.place = place;
  }

  private Fd open() throws ErrnoException {
    Sys sys = place.dir().sys();
    Fd fd = new Fd(sys, place.dir().openForRead(place.name(), 0));
    boolean regular = false;
    try {
      Stat stat = new Stat();
      sys.fstatx(fd.raw(), stat);
      regular = stat.isRegular();
      if (!regular) {
        throw ErrnoException.of(Errno.ESTALE); // another object has taken its name
      }
      return fd;
    } finally {
      if (!regular) {
        fd.close();
      }
    }
  }

  /**
   * The first bytes.
   *
   * @param most how many at most
   * @throws ErrnoException the errno of open(2) or read(2)
   */
  public byte[] read(int most) throws ErrnoException {
    Sys sys = place.dir().sys();
    try (Fd fd = open()) {
      Stat stat = new Stat();
      sys.fstatx(fd.raw(), stat);
      byte[] bytes = new byte[(int) Math.min(most, stat.size)];
      int length = fill(sys, fd, bytes, bytes.length, 0);
      return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    }
  }

  /** Told how many bytes have been compared since the last time. */
  interface Meter {
    void compared(long bytes);
  }

  /** Whether two files have the same data. What is a hole in both is not read. */
  boolean isSame(FileContent other, Meter meter) throws ErrnoException {
    Sys sys = place.dir().sys();
    try (Fd mine = open();
        Fd others = other.open()) {
      Stat left = new Stat();
      Stat right = new Stat();
      sys.fstatx(mine.raw(), left);
      sys.fstatx(others.raw(), right);
      return left.size == right.size && isSame(sys, mine, others, left.size, meter);
    }
  }

  private static boolean isSame(Sys sys, Fd mine, Fd others, long size, Meter meter)
      throws ErrnoException {
    byte[] left = new byte[CHUNK_BYTES];
    byte[] right = new byte[CHUNK_BYTES];
    long at = 0;
    while (at < size) {
      long data = Math.min(nextData(sys, mine, at, size), nextData(sys, others, at, size));
      if (data > at) {
        at = data;
        continue;
      }
      int wanted = (int) Math.min(CHUNK_BYTES, size - at);
      int length = fill(sys, mine, left, wanted, at);
      if (length != fill(sys, others, right, wanted, at)
          || !Arrays.equals(left, 0, length, right, 0, length)) {
        return false;
      }
      if (length == 0) {
        return true; // both were cut short meanwhile
      }
      at += length;
      meter.compared(length);
    }
    return true;
  }

  private static long nextData(Sys sys, Fd fd, long at, long size) {
    long data = sys.tryLseek(fd.raw(), at, Linux.SEEK_DATA);
    if (data == -Errno.ENXIO) {
      return size;
    }
    return data < 0 ? at : data; // a file system that does not tell
  }

  private static int fill(Sys sys, Fd fd, byte[] target, int length, long offset)
      throws ErrnoException {
    int filled = 0;
    while (filled < length) {
      int read = sys.preadArray(fd.raw(), target, filled, length - filled, offset + filled);
      if (read == 0) {
        break;
      }
      filled += read;
    }
    return filled;
  }
}
