package io.unionfs.cli;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Sys;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The state of a process that does nothing but serve a mount. */
final class ServerProcess {
  private static final Logger log = LoggerFactory.getLogger(ServerProcess.class);
  private static final int SIGXFSZ = 25;

  private ServerProcess() {}

  /**
   * Prepares this process, before it has made other threads that serve: no umask of its own, no
   * limit on file sizes, as many descriptors as allowed, no right to use reserved blocks or exceed
   * quotas (capabilities belong to threads; those made later inherit from this one), and no waiting
   * for its own dirty pages under memory pressure.
   */
  static void prepare() {
    Sys sys = Sys.linux();
    sys.umask(0);
    attempt("ignore SIGXFSZ", () -> sys.ignoreSignal(SIGXFSZ));
    attempt("lift the file size limit", () -> liftFileSize(sys));
    attempt("raise the descriptor limit", () -> raiseDescriptors(sys));
    attempt("become an IO flusher", () -> sys.prctl(Linux.PR_SET_IO_FLUSHER, 1, 0, 0, 0));
    attempt("drop CAP_SYS_RESOURCE", () -> dropResourceRight(sys)); // the steps above need it
  }

  private interface Step {
    void run() throws ErrnoException;
  }

  private static void attempt(String what, Step step) {
    try {
      step.run();
    } catch (ErrnoException e) {
      log.debug("cannot {}: {}", what, e.getMessage());
    }
  }

  private static void liftFileSize(Sys sys) throws ErrnoException {
    long[] limit = sys.getRlimit(Linux.RLIMIT_FSIZE);
    if (limit[0] == Linux.RLIM_INFINITY) {
      return;
    }
    try {
      sys.setRlimit(Linux.RLIMIT_FSIZE, Linux.RLIM_INFINITY, Linux.RLIM_INFINITY);
    } catch (ErrnoException e) {
      sys.setRlimit(Linux.RLIMIT_FSIZE, limit[1], limit[1]); // not allowed beyond the hard limit
    }
  }

  private static void raiseDescriptors(Sys sys) throws ErrnoException {
    long[] limit = sys.getRlimit(Linux.RLIMIT_NOFILE);
    sys.setRlimit(Linux.RLIMIT_NOFILE, limit[1], limit[1]);
  }

  private static void dropResourceRight(Sys sys) throws ErrnoException {
    if (sys.hasCapability(Linux.CAP_SYS_RESOURCE)) {
      sys.dropCapability(Linux.CAP_SYS_RESOURCE);
    }
  }
}
