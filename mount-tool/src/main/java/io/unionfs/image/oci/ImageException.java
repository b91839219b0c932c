package io.unionfs.image.oci;

import java.io.IOException;

/** An image that cannot be what it says. */
public final class ImageException extends IOException {
  /**
   * @param message a sentence that a user can act on
   */
  public ImageException(String message) {
    super(message);
  }

  public ImageException(String message, Throwable cause) {
    super(message, cause);
  }
}
