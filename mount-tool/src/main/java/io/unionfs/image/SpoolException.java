package io.unionfs.image;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import java.io.IOException;

/** That there is no place, or no room, for what is read ahead. */
public final class SpoolException extends IOException {
  private static final long serialVersionUID = 1;

  SpoolException(String what, ErrnoException cause) {
    super(what + ": " + Errno.message(cause.errno()), cause);
  }
}
