package io.unionfs.core;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A mount that was refused before anything happened; the message tells the user what to do. */
public final class MountRefusedException extends IOException {
  public MountRefusedException(String message) {
    super(message);
  }

  public MountRefusedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
