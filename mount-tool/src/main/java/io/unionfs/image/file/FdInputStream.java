package io.unionfs.image.file;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.InputStream;

/** The content of a file that is open, from its beginning. */
public final class FdInputStream extends InputStream {
  private final Sys sys;
  private final Fd fd;
  private long offset;

  /** Takes over the descriptor. */
  public FdInputStream(Sys sys, int fd) {
    this.sys = sys;
    this.fd = new Fd(sys, fd);
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
      int read = sys.preadArray(fd.raw(), target, start, length, offset);
      offset += read;
      return read == 0 ? -1 : read;
    } catch (ErrnoException e) {
      throw new IOException(Errno.message(e.errno()), e);
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
