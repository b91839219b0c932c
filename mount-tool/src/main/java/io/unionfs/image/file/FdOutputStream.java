package io.unionfs.image.file;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.OutputStream;

/** Writes to a descriptor at its offset; closing this leaves the descriptor open. */
public final class FdOutputStream extends OutputStream {
  private final Sys sys;
  private final int fd;

  public FdOutputStream(Sys sys, int fd) {
    this.sys = sys;
    this.fd = fd;
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public void write(byte[] data, int start, int length) throws IOException {
    try {
      boolean whole = start == 0 && length == data.length;
      sys.write(fd, whole ? data : java.util.Arrays.copyOfRange(data, start, start + length));
    } catch (ErrnoException e) {
      throw new IOException(Errno.message(e.errno()), e);
    }
  }
}
