package io.unionfs.offline.fsck;

/** How much a finding matters. */
public enum Severity {
  /** Harmless, and usual after a crash or on the way through other programs. */
  NOTE,
  /** The union works, but not in every respect as it should, or not under every program. */
  WARNING,
  /** Something cannot be read through a mount, or shows what it should not. */
  ERROR
}
