package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The process's own state, and mounts. */
final class OwnProcessTest {
  private static final int PR_GET_DUMPABLE = 3;
  private static final int CAP_KILL = 5;
  private static final int NO_SUCH_CAPABILITY = 63;
  private static final int UNUSED_SIGNAL = 42; // a real-time one

  private final Sys sys = Sys.linux();

  @TempDir private Path directory;

  @Test
  void idsAreThoseOfTheProcess() throws Exception {
    assertThat(OwnProcess.getpid()).isEqualTo((int) ProcessHandle.current().pid());
    String status = Files.readString(Path.of("/proc/self/status"));
    assertThat(status)
        .contains("Uid:\t" + OwnProcess.getuid() + "\t" + OwnProcess.geteuid() + "\t");
    assertThat(status)
        .contains("Gid:\t" + OwnProcess.getgid() + "\t" + OwnProcess.getegid() + "\t");
  }

  @Test
  void umaskReturnsTheOneBefore() {
    int before = OwnProcess.umask(033);

    assertThat(OwnProcess.umask(before)).isEqualTo(033);
  }

  @Test
  void theWorkingDirectoryIsTheProcesss() throws Exception {
    Path before = Files.readSymbolicLink(Path.of("/proc/self/cwd"));
    OwnProcess.chdir(bytes(directory));
    try {
      assertThat(Files.readSymbolicLink(Path.of("/proc/self/cwd"))).isEqualTo(directory);
    } finally {
      OwnProcess.chdir(bytes(before));
    }
    assertErrno(Errno.ENOENT, () -> OwnProcess.chdir(bytes(directory.resolve("absent"))));
  }

  @Test
  void limitsAreReadAndSet() throws ErrnoException {
    long[] limit = OwnProcess.getRlimit(Linux.RLIMIT_NOFILE);
    assertThat(limit[0]).isBetween(1L, limit[1]);

    OwnProcess.setRlimit(Linux.RLIMIT_NOFILE, limit[0] - 1, limit[1]);
    try {
      assertThat(OwnProcess.getRlimit(Linux.RLIMIT_NOFILE)).containsExactly(limit[0] - 1, limit[1]);
    } finally {
      OwnProcess.setRlimit(Linux.RLIMIT_NOFILE, limit[0], limit[1]);
    }
    assertErrno(Errno.EINVAL, () -> OwnProcess.setRlimit(Linux.RLIMIT_NOFILE, 2, 1));
  }

  @Test
  void aSignalIsSent() throws ErrnoException {
    OwnProcess.kill(OwnProcess.getpid(), 0);

    assertErrno(Errno.EINVAL, () -> OwnProcess.kill(OwnProcess.getpid(), 1000));
  }

  @Test
  void prctlAnswers() throws ErrnoException {
    assertThat(OwnProcess.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)).isBetween(0, 2);
    assertErrno(Errno.EINVAL, () -> OwnProcess.prctl(-1, 0, 0, 0, 0));
  }

  @Test
  void aDroppedCapabilityIsGoneInThatThreadOnly() throws Exception {
    assumeTrue(OwnProcess.hasCapability(CAP_KILL), "no capability to drop");
    FutureTask<Boolean> other =
        new FutureTask<>(
            () -> {
              OwnProcess.dropCapability(CAP_KILL);
              return OwnProcess.hasCapability(CAP_KILL);
            });

    new Thread(other).start();

    assertThat(other.get()).isFalse();
    assertThat(OwnProcess.hasCapability(CAP_KILL)).isTrue();
    assertThat(OwnProcess.hasCapability(NO_SUCH_CAPABILITY)).isFalse();
  }

  @Test
  void anIgnoredSignalDoesNotEndTheProcess() throws Exception {
    OwnProcess.ignoreSignal(UNUSED_SIGNAL);

    OwnProcess.kill(OwnProcess.getpid(), UNUSED_SIGNAL);

    String ignored =
        Files.readString(Path.of("/proc/self/status"))
            .lines()
            .filter(line -> line.startsWith("SigIgn:"))
            .findFirst()
            .orElseThrow();
    long mask = Long.parseUnsignedLong(ignored.substring("SigIgn:".length()).trim(), 16);
    assertThat(mask & (1L << (UNUSED_SIGNAL - 1))).isNotZero();
  }

  @Test
  void aClonedMountIsMadeReadOnlyAndKeepsWorking() throws Exception {
    assumeTrue(OwnProcess.hasCapability(Linux.CAP_SYS_ADMIN), "mounts want CAP_SYS_ADMIN");
    Files.writeString(directory.resolve("file"), "x");

    try (Fd clone =
        new Fd(
            sys,
            sys.openTree(
                Linux.AT_FDCWD,
                bytes(directory),
                Linux.OPEN_TREE_CLONE | Linux.OPEN_TREE_CLOEXEC))) {
      sys.mountSetattr(
          clone.raw(),
          Linux.AT_EMPTY_PATH,
          Linux.MOUNT_ATTR_RDONLY | Linux.MOUNT_ATTR_NOATIME,
          Linux.MOUNT_ATTR__ATIME);

      Name file = Name.of("file");
      assertThat(sys.tryOpenat(clone.raw(), file, Linux.O_RDWR, 0)).isEqualTo(-Errno.EROFS);
      sys.close(sys.openat(clone.raw(), file, Linux.O_RDONLY, 0));
      assertErrno(Errno.EROFS, () -> sys.fchmodat(clone.raw(), file, 0600));
    }
  }

  @Test
  void aFileSystemIsMountedAndUnmounted() throws Exception {
    assumeTrue(OwnProcess.hasCapability(Linux.CAP_SYS_ADMIN), "mounts want CAP_SYS_ADMIN");
    Path point = Files.createDirectory(directory.resolve("mount point"));
    byte[] tmpfs = "tmpfs".getBytes(StandardCharsets.US_ASCII);
    byte[] data = "size=64k,mode=0711".getBytes(StandardCharsets.US_ASCII);

    sys.mount("our source".getBytes(StandardCharsets.US_ASCII), bytes(point), tmpfs, 2, data);
    try {
      assertThat(MountInfo.read(sys))
          .anySatisfy(
              mount -> {
                assertThat(mount.mountPoint()).isEqualTo(Name.of(point.toString()));
                assertThat(mount.source()).isEqualTo(Name.of("our source"));
                assertThat(mount.type()).isEqualTo("tmpfs");
                assertThat(mount.options()).contains("nosuid");
              });
      Stat stat = new Stat();
      sys.statxPath(bytes(point), true, stat);
      assertThat(stat.permissions()).isEqualTo(0711);
    } finally {
      sys.umount2(bytes(point), Linux.MNT_DETACH);
    }
    assertErrno(Errno.EINVAL, () -> sys.umount2(bytes(point), 0));
  }

  private static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void assertErrno(int errno, ThrowingCallable call) {
    assertThatThrownBy(call).isSameAs(ErrnoException.of(errno));
  }
}
