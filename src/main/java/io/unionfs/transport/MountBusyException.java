package io.unionfs.transport;

import java.io.IOException;

/** The answer to an unmount while a program still uses the mount ({@code EBUSY}). */
public final class MountBusyException extends IOException {
  private static final long serialVersionUID = 1L;

  public MountBusyException(String message) {
    super(message);
  }
}
