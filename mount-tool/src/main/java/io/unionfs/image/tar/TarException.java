package io.unionfs.image.tar;

import java.io.IOException;

/** An archive that is damaged, or says what cannot be. */
public final class TarException extends IOException {
  /**
   * @param message what is wrong, as the end of a sentence
   */
  public TarException(String message) {
    super(message);
  }
}
