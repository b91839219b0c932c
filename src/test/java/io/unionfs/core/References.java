package io.unionfs.core;

/** What tests of other packages ask about references to nodes. */
public final class References {
  private References() {}

  /** Whether somebody outside the core holds the node. */
  public static boolean held(Node node) {
    return node.isReferenced();
  }
}
