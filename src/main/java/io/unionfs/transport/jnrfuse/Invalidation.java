package io.unionfs.transport.jnrfuse;

/** The way to tell the kernel that something it knows is not true any more. */
final class Invalidation {
  private final LibFuse2 library;
  private final long channel;

  Invalidation(LibFuse2 library, long channel) {
    this.library = library;
    this.channel = channel;
  }

  /**
   * Makes the kernel ask for a node's attributes again. Allowed while a request is served: unlike
   * an invalidation of names or pages, it waits for nothing.
   */
  void attributes(long nodeId) {
    library.invalidateAttributes(channel, nodeId);
  }
}
