package io.unionfs.transport;

import io.unionfs.sys.Errno;

/** Errors of the layers' file systems on their way to programs. */
public final class HostErrors {
  private HostErrors() {}

  /**
   * What a program is told. That nobody serves a mount is for the kernel to say: a layer on a FUSE
   * mount without a server must not make this one look dead.
   */
  public static int shown(int errno) {
    return errno == Errno.ENOTCONN || errno == Errno.ECONNABORTED ? Errno.EIO : errno;
  }
}
