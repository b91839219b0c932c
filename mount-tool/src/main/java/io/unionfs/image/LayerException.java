package io.unionfs.image;

import java.io.IOException;

/** A layer or an image that cannot be what it says, or that a command cannot handle. */
public final class LayerException extends IOException {
  /**
   * @param message a sentence that a user can act on
   */
  public LayerException(String message) {
    super(message);
  }

  public LayerException(String message, Throwable cause) {
    super(message, cause);
  }
}
