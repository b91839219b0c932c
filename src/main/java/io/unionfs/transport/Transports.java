package io.unionfs.transport;

import io.unionfs.core.UnionFileSystem;
import io.unionfs.transport.jnrfuse.JnrFuseSession;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The choice of a front-end. */
public final class Transports {
  private static final Logger LOG = LoggerFactory.getLogger(Transports.class);

  private Transports() {}

  /**
   * Mounts a union and returns when the mount answers.
   *
   * @throws IOException if it cannot be mounted; the message is for the user, and nothing is left
   *     behind
   */
  public static Session mount(UnionFileSystem fs, MountPoint at, Transport choice)
      throws IOException {
    return switch (choice) {
      case AUTO -> {
        LOG.info("transport jnr-fuse: the kernel transport is not in this version");
        yield JnrFuseSession.mount(fs, at);
      }
      case JNR_FUSE -> {
        LOG.info("transport jnr-fuse: asked for");
        yield JnrFuseSession.mount(fs, at);
      }
      case KERNEL ->
          throw new IOException(
              "the kernel transport is not in this version; use --transport jnr-fuse");
    };
  }
}
