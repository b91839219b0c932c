package io.unionfs.transport;

import java.util.Arrays;
import java.util.stream.Collectors;

/** How file data gets from programs to the layers. */
public enum IoProfile {
  /** Through the kernel's page cache, which the server fills and writes back. */
  CACHED("cached"),
  /** Where possible from the kernel straight to the host's file system, past the server. */
  PASSTHROUGH("passthrough");

  private final String key;

  IoProfile(String key) {
    this.key = key;
  }

  /** The name that options and logs use. */
  public String key() {
    return key;
  }

  /**
   * The profile of that name.
   *
   * @throws IllegalArgumentException if there is none; the message names the ones there are
   */
  public static IoProfile parse(String key) {
    for (IoProfile profile : values()) {
      if (profile.key.equals(key)) {
        return profile;
      }
    }
    throw new IllegalArgumentException(
        "I/O profile \""
            + key
            + "\" is unknown; there are "
            + Arrays.stream(values()).map(IoProfile::key).collect(Collectors.joining(", ")));
  }
}
