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
  public static Started mount(UnionFileSystem fs, MountPoint at, Transport choice)
      throws IOException {
    Started started =
        switch (choice) {
          case AUTO -> mountBest(fs, at);
          case JNR_FUSE -> new Started(JnrFuseSession.mount(fs, at), "asked for");
          case KERNEL -> new Started(KernelSession.mount(fs, at), "asked for");
        };
    LOG.info("transport {}: {}", started.session().transport(), started.reason());
    return started;
  }

  private static Started mountBest(UnionFileSystem fs, MountPoint at) throws IOException {
    try {
      return new Started(KernelSession.mount(fs, at), "it works here");
    } catch (UnsupportedKernelException e) {
      LOG.warn("the kernel transport does not work: {}", e.getMessage());
      return new Started(JnrFuseSession.mount(fs, at), String.valueOf(e.getMessage()));
    }
  }
}
