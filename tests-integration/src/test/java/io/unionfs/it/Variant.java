package io.unionfs.it;

import java.util.List;

/** A way to serve a mount. */
@SuppressWarnings("ImmutableEnumChecker") // the lists are
enum Variant {
  KERNEL("kernel", List.of("--transport", "kernel")),
  PASSTHROUGH("kernel, passthrough", List.of("--transport", "kernel", "--io", "passthrough")),
  JNR_FUSE("jnr-fuse", List.of("--transport", "jnr-fuse"));

  private final String shown;
  private final List<String> options;

  Variant(String shown, List<String> options) {
    this.shown = shown;
    this.options = options;
  }

  /** The options of {@code unionfs-mount} that choose it. */
  List<String> options() {
    return options;
  }

  /** Whether it is the transport that speaks the kernel's protocol. */
  boolean isKernel() {
    return this != JNR_FUSE;
  }

  /** Whether an account may use it. */
  boolean isFor(Account account) {
    return this != PASSTHROUGH || account == Account.ROOT;
  }

  @Override
  public String toString() {
    return shown;
  }
}
