package io.unionfs.transport;

import java.io.IOException;

/** The answer of a transport that cannot speak with this kernel, where another one may. */
public final class UnsupportedKernelException extends IOException {
  private static final long serialVersionUID = 1L;

  public UnsupportedKernelException(String message) {
    super(message);
  }
}
