package io.unionfs.image.file;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;

/** The content of a file that is open, from its beginning; of a pipe, what comes. */
public final class FdInputStream extends InputStream {
  private static final int STEP_MILLIS = 200;

  private final Sys sys;
  private final Fd fd;
  private final boolean regular;
  private long offset;

  private FdInputStream(Sys sys, Fd fd, boolean regular) {
    this.sys = sys;
    this.fd = fd;
    this.regular = regular;
  }

  /** Takes over a descriptor, which is closed if this fails. */
  public static FdInputStream of(Sys sys, int raw) throws ErrnoException {
    try (Fd fd = new Fd(sys, raw)) {
      Stat stat = new Stat();
      sys.fstatx(fd.raw(), stat);
      return new FdInputStream(sys, new Fd(sys, fd.take()), stat.isRegular());
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int start, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    try {
      int read =
          regular
              ? sys.preadArray(fd.raw(), target, start, length, offset)
              : readWhatComes(target, start, length);
      offset += read;
      return read == 0 ? -1 : read;
    } catch (ErrnoException e) {
      throw new IOException(Errno.message(e.errno()), e);
    }
  }

  /* Waits in steps, between which an interruption gets through. */
  private int readWhatComes(byte[] target, int start, int length)
      throws IOException, ErrnoException {
    while (!sys.awaitReadable(fd.raw(), STEP_MILLIS)) {
      if (Thread.interrupted()) {
        throw new InterruptedIOException("interrupted");
      }
    }
    return sys.readArray(fd.raw(), target, start, length);
  }

  @Override
  public void close() {
    fd.close();
  }
}
