package io.unionfs.cli;

import com.fasterxml.jackson.core.JsonFactory;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.OwnProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The state of a process that does nothing but serve a mount. */
final class ServerProcess {
  private static final Logger log = LoggerFactory.getLogger(ServerProcess.class);
  private static final int SIGXFSZ = 25;

  /* proc(5): not -1000, so that a server that takes all memory itself is not spared for ever. */
  private static final Path OOM_SCORE = Path.of("/proc/self/oom_score_adj");
  private static final String LAST_TO_BE_KILLED = "-990";

  private ServerProcess() {}

  /**
   * Prepares this process, before it has made other threads that serve: no umask of its own, no
   * limit on file sizes, as many descriptors as allowed, no right to use reserved blocks or exceed
   * quotas (capabilities belong to threads; those made later inherit from this one), and no waiting
   * for its own dirty pages under memory pressure. Where it may, it is the last to be killed for
   * want of memory: all programs that use the mount depend on it.
   */
  static void prepare() {
    OwnProcess.umask(0);
    attempt("ignore SIGXFSZ", () -> OwnProcess.ignoreSignal(SIGXFSZ));
    attempt("lift the file size limit", () -> liftFileSize());
    attempt("raise the descriptor limit", () -> raiseDescriptors());
    attempt("become an IO flusher", () -> OwnProcess.prctl(Linux.PR_SET_IO_FLUSHER, 1, 0, 0, 0));
    protectFromOomKiller();
    loadLibraries();
    attempt("drop CAP_SYS_RESOURCE", () -> dropResourceRight()); // the steps above need it
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

  /* With the first class of a jar Java looks its path up again. */
  private static void loadLibraries() {
    log.debug("answers by {}", JsonFactory.class);
  }

  private static void liftFileSize() throws ErrnoException {
    long[] limit = OwnProcess.getRlimit(Linux.RLIMIT_FSIZE);
    if (limit[0] == Linux.RLIM_INFINITY) {
      return;
    }
    try {
      OwnProcess.setRlimit(Linux.RLIMIT_FSIZE, Linux.RLIM_INFINITY, Linux.RLIM_INFINITY);
    } catch (ErrnoException e) {
      OwnProcess.setRlimit(
          Linux.RLIMIT_FSIZE, limit[1], limit[1]); // not allowed beyond the hard limit
    }
  }

  private static void raiseDescriptors() throws ErrnoException {
    long[] limit = OwnProcess.getRlimit(Linux.RLIMIT_NOFILE);
    OwnProcess.setRlimit(Linux.RLIMIT_NOFILE, limit[1], limit[1]);
  }

  private static void protectFromOomKiller() {
    try {
      if (Files.readString(OOM_SCORE).strip().equals("0")) { // else somebody has decided
        Files.writeString(OOM_SCORE, LAST_TO_BE_KILLED);
      }
    } catch (IOException e) {
      log.debug("cannot be spared when memory runs out: {}", e.toString()); // CAP_SYS_RESOURCE
    }
  }

  private static void dropResourceRight() throws ErrnoException {
    if (OwnProcess.hasCapability(Linux.CAP_SYS_RESOURCE)) {
      OwnProcess.dropCapability(Linux.CAP_SYS_RESOURCE);
    }
  }
}
