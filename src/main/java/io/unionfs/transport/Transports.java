package io.unionfs.transport;

import io.unionfs.core.UnionFileSystem;
import io.unionfs.transport.jnrfuse.JnrFuseSession;
import io.unionfs.transport.kernel.KernelSession;
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
      case AUTO -> mountBest(fs, at);
      case JNR_FUSE -> {
        LOG.info("transport jnr-fuse: asked for");
        yield JnrFuseSession.mount(fs, at);
      }
      case KERNEL -> {
        LOG.info("transport kernel: asked for");
        yield KernelSession.mount(fs, at);
      }
    };
  }

  private static Session mountBest(UnionFileSystem fs, MountPoint at) throws IOException {
    try {
      Session session = KernelSession.mount(fs, at);
      LOG.info("transport kernel: it works here");
      return session;
    } catch (UnsupportedKernelException e) {
      LOG.warn(
          "transport jnr-fuse, because the kernel transport does not work: {}", e.getMessage());
      return JnrFuseSession.mount(fs, at);
    }
  }
}
