package io.unionfs.offline;

import io.unionfs.layer.Layer;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Sys;
import java.io.IOException;

/**
 * The sole right to change an upper or work dir: the lock (flock(2)) that a mount takes as well, so
 * that neither works while the other does.
 */
public final class UpperLock implements AutoCloseable {
  private final Fd fd;

  private UpperLock(Fd fd) {
    this.fd = fd;
  }

  /**
   * Takes the lock.
   *
   * @throws IOException if somebody else has it; the message is for the user
   */
  public static UpperLock take(Sys sys, Layer layer) throws IOException {
    try (Fd fd = new Fd(sys, layer.root().openSelf())) {
      int errno = sys.tryFlock(fd.raw(), Linux.LOCK_EX | Linux.LOCK_NB);
      if (errno == Errno.EWOULDBLOCK) {
        throw new IOException(layer + ": in use by a mounted union; unmount that first");
      }
      if (errno != 0) {
        throw new IOException(layer + ": cannot be locked: " + Errno.message(errno));
      }
      return new UpperLock(new Fd(sys, fd.take()));
    } catch (ErrnoException e) {
      throw new IOException(layer + ": " + Errno.message(e.errno()), e);
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
