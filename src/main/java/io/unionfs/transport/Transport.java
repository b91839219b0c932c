package io.unionfs.transport;

import java.util.Arrays;
import java.util.stream.Collectors;

/** A way from the kernel to the union: which front-end serves a mount. */
public enum Transport {
  /** The best one that works here. */
  AUTO("auto"),
  /** libfuse 2 through jnr-fuse. */
  JNR_FUSE("jnr-fuse"),
  /** The FUSE kernel protocol, spoken on {@code /dev/fuse} without a library. */
  KERNEL("kernel");

  private final String key;

  Transport(String key) {
    this.key = key;
  }

  /** The name that options and logs use. */
  public String key() {
    return key;
  }

  /**
   * The transport of that name.
   *
   * @throws IllegalArgumentException if there is none; the message names the ones there are
   */
  public static Transport parse(String key) {
    for (Transport transport : values()) {
      if (transport.key.equals(key)) {
        return transport;
      }
    }
    throw new IllegalArgumentException(
        "transport \""
            + key
            + "\" is unknown; there are "
            + Arrays.stream(values()).map(Transport::key).collect(Collectors.joining(", ")));
  }
}
