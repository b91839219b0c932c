package io.unionfs.transport.kernel;

/**
 * What a mount is to be, before the kernel says what it offers.
 *
 * @param writable whether the union has a writable upper
 * @param passthrough whether reads and writes are to bypass the server where they can
 * @param writeback whether the kernel may keep written data for a while
 * @param acl whether the kernel is to evaluate POSIX ACLs
 * @param timeoutSeconds how long the kernel may keep names and attributes; 0: others change the
 *     layers, so nothing is kept; negative: for ever
 */
record Wishes(
    boolean writable, boolean passthrough, boolean writeback, boolean acl, double timeoutSeconds) {
  /** Whether the layers change behind the mount. */
  boolean shared() {
    return timeoutSeconds == 0;
  }
}
