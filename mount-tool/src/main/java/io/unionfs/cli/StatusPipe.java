package io.unionfs.cli;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;

/*
 * The launcher reads this pipe to its end: what it reads is its exit status, and nothing read means
 * that the server died. So the write end must be closed as soon as the status is known, and nobody
 * else may hold it.
 */
/** The pipe on which a server in the background tells its launcher that the mount is usable. */
final class StatusPipe {
  private static final Integer FD = Integer.getInteger("unionfs.statusFd");
  private static boolean reported;

  private StatusPipe() {}

  /** Whether there is a launcher that waits: this process is to serve in the background. */
  static boolean isPresent() {
    return FD != null;
  }

  /**
   * Tells the launcher the exit status, once.
   *
   * @return whether somebody was there to read it
   */
  static boolean report(int status) {
    return write(status + "\n");
  }

  /**
   * The same for a mount that is usable, and where it is: a launcher that was interrupted meanwhile
   * unmounts it. The path is as the command line has it.
   */
  static boolean reportMounted(String mountPoint) {
    return write("0\n" + mountPoint + "/."); // its end, a line feed perhaps, is to stay
  }

  private static boolean write(String text) {
    if (FD == null || reported) {
      return true;
    }
    reported = true;
    byte[] bytes = RawArguments.bytes(text);
    Sys sys = Sys.linux();
    try {
      sys.write(FD, bytes);
      return true;
    } catch (ErrnoException e) {
      return false; // EPIPE: the launcher was killed
    } finally {
      sys.close(FD);
    }
  }

  /** Leaves the caller's directory, before anybody is told that this process is through. */
  static void leaveDirectory() throws ErrnoException {
    OwnProcess.chdir(new byte[] {'/'});
  }

  /** Leaves the caller's terminal, directory and standard streams. */
  static void detach() throws ErrnoException {
    Sys sys = Sys.linux();
    try {
      OwnProcess.setsid();
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EPERM) { // a group leader already: started by a shell with job control
        throw e;
      }
    }
    leaveDirectory();
    int nothing = sys.openPath("/dev/null".getBytes(StandardCharsets.US_ASCII), Linux.O_RDWR, 0);
    for (int stream = 0; stream <= 2; stream++) {
      sys.dup2(nothing, stream);
    }
    if (nothing > 2) {
      sys.close(nothing);
    }
  }
}
