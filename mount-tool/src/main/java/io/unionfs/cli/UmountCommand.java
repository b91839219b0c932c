package io.unionfs.cli;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unionfs umount}: unmounts a union and waits until its server has let go of the layers. */
@Command(
    name = "umount",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description =
        "Unmounts a union, also one whose server is gone, and waits for its server to end.")
final class UmountCommand implements Callable<Integer> {
  private static final int PATIENCE_MILLIS = 30_000;

  @Option(
      names = {"-l", "--lazy"},
      description = "Detach a mount that is in use; it is served until its last user is gone.")
  private boolean lazy;

  @Parameters(paramLabel = "MOUNTPOINT", arity = "1", description = "Where the union is mounted.")
  private String mountPoint = "";

  @Override
  public Integer call() throws IOException, InterruptedException {
    Sys sys = Sys.linux();
    MountedUnion union = MountedUnion.at(sys, mountPoint);
    try {
      unmountAndWait(sys, union.path(), union.bytes());
      return 0;
    } catch (ErrnoException e) {
      throw new IOException(RawArguments.show(mountPoint) + ": " + Errno.message(e.errno()), e);
    }
  }

  private void unmountAndWait(Sys sys, String real, byte[] path)
      throws ErrnoException, IOException, InterruptedException {
    @Nullable ProcessHandle server = Servers.of(sys, real);
    int pidfd = server == null ? -1 : sys.tryPidfdOpen((int) server.pid());
    try {
      unmount(sys, path);
      if (server != null && pidfd >= 0 && !lazy) {
        await(sys, pidfd, server.pid());
      }
    } finally {
      if (pidfd >= 0) {
        sys.close(pidfd);
      }
    }
  }

  private void unmount(Sys sys, byte[] path)
      throws ErrnoException, IOException, InterruptedException {
    try {
      sys.umount2(path, lazy ? Linux.MNT_DETACH : 0);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EPERM) {
        fusermount(path);
      } else if (e.errno() == Errno.EBUSY) {
        throw new IOException(
            Name.of(path) + ": in use by a program; end it, or use --lazy to detach the mount", e);
      } else {
        throw e;
      }
    }
  }

  private void fusermount(byte[] path) throws IOException, InterruptedException {
    // the shell hands bytes on as they are; Java would encode the argument anew
    String octal = new String(path, StandardCharsets.ISO_8859_1);
    StringBuilder quoted = new StringBuilder();
    for (byte b : octal.getBytes(StandardCharsets.ISO_8859_1)) {
      quoted.append(String.format("\\%03o", b & 0xff));
    }
    String script =
        "path=$(printf '"
            + quoted
            + "x'); path=${path%x}; "
            + "PATH=$PATH:/usr/local/bin:/usr/bin:/bin; "
            + "program=$(command -v fusermount3 || command -v fusermount) || "
            + "{ echo 'neither fusermount3 nor fusermount is installed'; exit 1; }; "
            + "exec \"$program\" -u"
            + (lazy ? "z" : "")
            + " -- \"$path\"";
    Process process = new ProcessBuilder("/bin/sh", "-c", script).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
    if (process.waitFor() != 0) {
      throw new IOException(said.isEmpty() ? "fusermount3 failed" : said);
    }
  }

  private static void await(Sys sys, int server, long pid) throws ErrnoException, IOException {
    if (!sys.awaitReadable(server, PATIENCE_MILLIS)) {
      throw new IOException("unmounted, but the server (process " + pid + ") has not ended yet");
    }
  }
}
