package io.unionfs.core;

import io.unionfs.layer.Marks.Follow;
import java.util.Locale;

/**
 * What becomes of a directory that has lower content and is renamed, in the words of kernel
 * overlayfs's mount option {@code redirect_dir}.
 */
public enum RedirectDir {
  /** It is not renamed ({@code EXDEV}); marks of privileged processes are followed. */
  OFF,
  /** It is renamed, with a redirect mark in the upper; all marks are followed. */
  ON,
  /** It is not renamed; all marks are followed, those in {@code user.overlay.} too. */
  FOLLOW,
  /** It is not renamed; no mark is followed, and what has one is an error ({@code EIO}). */
  NOFOLLOW;

  /**
   * The mode of a name.
   *
   * @throws IllegalArgumentException for a name that is none, with a message for the user
   */
  public static RedirectDir parse(String name) {
    for (RedirectDir mode : values()) {
      if (mode.toString().equals(name)) {
        return mode;
      }
    }
    throw new IllegalArgumentException(
        "redirect_dir must be on, off, follow, or nofollow, not " + name);
  }

  /** Which marks a mount of this mode follows. */
  public Follow follow() {
    return switch (this) {
      case OFF -> Follow.TRUSTED;
      case ON, FOLLOW -> Follow.ALL;
      case NOFOLLOW -> Follow.NOTHING;
    };
  }

  /** The name as in the option. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
