package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opening, attributes and names, in a real directory. */
final class SysFilesTest {
  private static final Name FILE = Name.of("file");
  private static final Name LINK = Name.of("link");
  private static final Name ABSENT = Name.of("absent");
  private static final Name ODD = Name.of(new byte[] {'o', (byte) 0xff, 0x01, '\n'});
  private static final long STRICT = Linux.RESOLVE_BENEATH | Linux.RESOLVE_NO_SYMLINKS;

  private final Sys sys = Sys.linux();
  private final Stat stat = new Stat();

  @TempDir private Path directory;
  private int dir = -1;

  @BeforeEach
  void open() throws Exception {
    Files.writeString(directory.resolve("file"), "hello");
    Files.createSymbolicLink(directory.resolve("link"), Path.of("file"));
    dir = sys.openPath(bytes(directory.toString()), Linux.O_PATH | Linux.O_DIRECTORY, 0);
  }

  @AfterEach
  void close() {
    sys.close(dir);
  }

  @Test
  void openFollowsNoLinkAndClosesOnExec() throws Exception {
    assertErrno(Errno.ELOOP, () -> sys.openat(dir, LINK, Linux.O_RDONLY, 0));
    assertThat(sys.tryOpenat(dir, LINK, Linux.O_RDONLY, 0)).isEqualTo(-Errno.ELOOP);
    assertThat(sys.tryOpenat(dir, ABSENT, Linux.O_RDONLY, 0)).isEqualTo(-Errno.ENOENT);

    try (Fd fd = new Fd(sys, sys.openat(dir, FILE, Linux.O_RDONLY, 0))) {
      String flags = Files.readString(Path.of("/proc/self/fdinfo/" + fd.raw()));
      assertThat(flags).containsPattern("flags:\\s+0?2[0-7]{6}\\n");
    }
  }

  @Test
  void createdFileHasItsModeLessTheUmask() throws Exception {
    int umask = OwnProcess.umask(027);
    try (Fd fd = new Fd(sys, sys.openat(dir, ODD, creating(), 0666))) {
      sys.fstatx(fd.raw(), stat);
    } finally {
      assertThat(OwnProcess.umask(umask)).isEqualTo(027);
    }

    assertThat(stat.isRegular()).isTrue();
    assertThat(stat.permissions()).isEqualTo(0640);
    assertErrno(Errno.EEXIST, () -> sys.openat(dir, ODD, creating(), 0666));
  }

  private static int creating() {
    return Linux.O_RDWR | Linux.O_CREAT | Linux.O_EXCL;
  }

  @Test
  void aPathLongerThanTheKernelTakesIsRefusedUnasked() {
    Name huge = Name.of("x".repeat(5000));
    assertThat(sys.tryOpenat(dir, huge, Linux.O_RDONLY, 0)).isEqualTo(-Errno.ENAMETOOLONG);
    assertThat(sys.tryStatx(dir, huge, stat)).isEqualTo(Errno.ENAMETOOLONG);
    assertThat(sys.tryUnlinkat(dir, huge, 0)).isEqualTo(Errno.ENAMETOOLONG);
    assertThat(sys.tryRenameat2(dir, FILE, dir, huge, 0)).isEqualTo(Errno.ENAMETOOLONG);
    assertThat(sys.tryLinkat(dir, huge, dir, ODD)).isEqualTo(Errno.ENAMETOOLONG);
    assertErrno(Errno.ENAMETOOLONG, () -> sys.mkdirat(dir, huge, 0755));
    assertThat(sys.tryGetxattrat(dir, huge, FILE, 0, 0)).isEqualTo(-Errno.ENAMETOOLONG);
    assertThat(sys.tryGetxattrat(dir, FILE, huge, 0, 0)).isEqualTo(-Errno.ERANGE);
    assertErrno(Errno.ENAMETOOLONG, () -> sys.openPath(huge.bytes(), Linux.O_RDONLY, 0));
    assertThat(sys.tryOpenBeneath(dir, huge.bytes(), Linux.O_RDONLY, 0, 0))
        .isEqualTo(-Errno.ENAMETOOLONG);
  }

  @Test
  void aNameLongerThanAFileNameIsTheKernelsToRefuse() {
    assertThat(sys.tryStatx(dir, Name.of("x".repeat(256)), stat)).isEqualTo(Errno.ENAMETOOLONG);
    assertThat(sys.tryStatx(dir, Name.of("x".repeat(255)), stat)).isEqualTo(Errno.ENOENT);
  }

  @Test
  void openBeneathNeverLeavesTheDirectory() throws Exception {
    Files.createDirectories(directory.resolve("a/b"));
    Files.createFile(directory.resolve("a/b/inner"));
    Files.createSymbolicLink(directory.resolve("up"), Path.of(".."));

    assertThat(beneath("a/../../x", STRICT)).isEqualTo(-Errno.EXDEV);
    assertThat(beneath("/etc", STRICT)).isEqualTo(-Errno.EXDEV);
    assertThat(beneath("up", STRICT)).isEqualTo(-Errno.ELOOP);
    assertThat(beneath("a/b/none", STRICT)).isEqualTo(-Errno.ENOENT);
    int fd = beneath("a/b/inner", STRICT);
    assertThat(fd).isNotNegative();
    sys.close(fd);
    Files.delete(directory.resolve("up")); // or JUnit warns of a link that leads out
  }

  private int beneath(String path, long resolve) {
    return sys.tryOpenBeneath(dir, bytes(path), Linux.O_RDONLY, 0, resolve);
  }

  @Test
  void openBeneathCreatesWithTheModeAndAlsoWithoutAName() throws Exception {
    int flags = Linux.O_RDWR | Linux.O_CREAT;
    try (Fd fd = new Fd(sys, sys.tryOpenBeneath(dir, bytes("made"), flags, 0600, STRICT))) {
      sys.fstatx(fd.raw(), stat);
      assertThat(stat.permissions()).isEqualTo(0600);
    }
    int unnamed = sys.tryOpenBeneath(dir, bytes("."), Linux.O_TMPFILE | Linux.O_RDWR, 0600, STRICT);
    assumeTrue(unnamed != -Errno.EOPNOTSUPP, "the file system has no O_TMPFILE");
    try (Fd fd = new Fd(sys, unnamed)) {
      sys.fstatx(fd.raw(), stat);
      assertThat(stat.permissions()).isEqualTo(0600);
      assertThat(stat.nlink).isZero();
    }
  }

  @Test
  void openPathFollowsLinks() throws Exception {
    byte[] path = bytes(directory.resolve("link").toString());
    try (Fd fd = new Fd(sys, sys.openPath(path, Linux.O_RDONLY, 0))) {
      sys.fstatx(fd.raw(), stat);
    }

    assertThat(stat.isRegular()).isTrue();
  }

  @Test
  void statTellsOfTheLinkAndNotOfItsTarget() throws Exception {
    sys.statx(dir, LINK, stat);
    assertThat(stat.isSymlink()).isTrue();
    assertThat(stat.size).isEqualTo(4);

    sys.statxPath(bytes(directory.resolve("link").toString()), true, stat);
    assertThat(stat.isRegular()).isTrue();
    sys.statxPath(bytes(directory.resolve("link").toString()), false, stat);
    assertThat(stat.isSymlink()).isTrue();
  }

  @Test
  void statAgreesWithJava() throws Exception {
    Path file = directory.resolve("file");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-x--x"));

    assertThat(sys.tryStatx(dir, FILE, stat)).isZero();

    assertThat(stat.size).isEqualTo(5);
    assertThat(stat.mode).isEqualTo(Files.getAttribute(file, "unix:mode"));
    assertThat(stat.ino).isEqualTo(Files.getAttribute(file, "unix:ino"));
    assertThat(stat.nlink).isEqualTo(Files.getAttribute(file, "unix:nlink"));
    assertThat(stat.uid).isEqualTo(Files.getAttribute(file, "unix:uid"));
    assertThat(stat.dev).isEqualTo(Files.getAttribute(file, "unix:dev"));
    assertThat(Instant.ofEpochSecond(stat.mtime, stat.mtimeNsec))
        .isEqualTo(Files.getLastModifiedTime(file).toInstant());
    assertThat(stat.mntId).isPositive();
  }

  @Test
  void absenceIsAnErrnoAndNoException() {
    assertThat(sys.tryStatx(dir, ABSENT, stat)).isEqualTo(Errno.ENOENT);
    assertThat(sys.tryStatxCached(dir, ABSENT, stat)).isEqualTo(Errno.ENOENT);
    assertThat(sys.tryUnlinkat(dir, ABSENT, 0)).isEqualTo(Errno.ENOENT);
    assertThat(sys.tryStatx(-1, FILE, stat)).isEqualTo(Errno.EBADF);
    assertErrno(Errno.ENOENT, () -> sys.statx(dir, ABSENT, stat));
  }

  @Test
  void aDescriptorOfAnyKindHasAttributes() throws Exception {
    try (Fd fd = new Fd(sys, sys.openat(dir, LINK, Linux.O_PATH, 0))) {
      sys.fstatx(fd.raw(), stat);
      assertThat(sys.readlinkFd(fd.raw())).isEqualTo(bytes("file"));
    }

    assertThat(stat.isSymlink()).isTrue();
  }

  @Test
  void linkTargetsAreBytes() throws Exception {
    byte[] target = "x".repeat(4095).getBytes(StandardCharsets.US_ASCII);
    target[7] = (byte) 0xfe;

    sys.symlinkat(target, dir, ODD);

    assertThat(sys.readlinkat(dir, ODD)).isEqualTo(target);
    assertErrno(Errno.EINVAL, () -> sys.readlinkat(dir, FILE));
    assertErrno(Errno.EEXIST, () -> sys.symlinkat(target, dir, ODD));
    assertErrno(Errno.ENAMETOOLONG, () -> sys.symlinkat(new byte[4096], dir, ABSENT));
  }

  @Test
  void directoriesAndNodesAreMadeAndRemoved() throws Exception {
    sys.mkdirat(dir, ODD, 01700);
    sys.statx(dir, ODD, stat);
    assertThat(stat.isDirectory()).isTrue();
    assertThat(stat.permissions()).isEqualTo(01700);

    assertErrno(Errno.EISDIR, () -> sys.unlinkat(dir, ODD, 0));
    sys.unlinkat(dir, ODD, Linux.AT_REMOVEDIR);

    sys.mknodat(dir, ODD, Linux.S_IFIFO | 0600, 0);
    sys.statx(dir, ODD, stat);
    assertThat(stat.type()).isEqualTo(Linux.S_IFIFO);
    assertThat(sys.tryUnlinkat(dir, ODD, 0)).isZero();
  }

  @Test
  void aDeviceHasItsNumbers() throws Exception {
    assumeTrue(OwnProcess.geteuid() == 0, "only root makes devices");

    sys.mknodat(dir, Name.of("dev"), Linux.S_IFCHR | 0600, Linux.makedev(300, 70_000));
    sys.mknodat(dir, Name.of("whiteout"), Linux.S_IFCHR, 0);

    sys.statx(dir, Name.of("dev"), stat);
    assertThat(Linux.major(stat.rdev)).isEqualTo(300);
    assertThat(Linux.minor(stat.rdev)).isEqualTo(70_000);
    assertThat(stat.isWhiteoutDevice()).isFalse();
    sys.statx(dir, Name.of("whiteout"), stat);
    assertThat(stat.isWhiteoutDevice()).isTrue();
  }

  @Test
  void renameFlagsAreObeyed() throws Exception {
    sys.renameat2(dir, FILE, dir, ODD, Linux.RENAME_NOREPLACE);
    assertThat(sys.tryRenameat2(dir, ODD, dir, LINK, Linux.RENAME_NOREPLACE))
        .isEqualTo(Errno.EEXIST);

    sys.renameat2(dir, ODD, dir, LINK, Linux.RENAME_EXCHANGE);

    sys.statx(dir, LINK, stat);
    assertThat(stat.isRegular()).isTrue();
    assertThat(sys.readlinkat(dir, ODD)).isEqualTo(bytes("file"));
    assertErrno(Errno.ENOENT, () -> sys.renameat2(dir, ABSENT, dir, FILE, 0));
  }

  @Test
  void aLinkToALinkLinksTheLink() throws Exception {
    sys.linkat(dir, LINK, dir, ODD);
    assertThat(sys.tryLinkat(dir, FILE, dir, ODD)).isEqualTo(Errno.EEXIST);

    assertThat(sys.readlinkat(dir, ODD)).isEqualTo(bytes("file"));
    sys.statx(dir, LINK, stat);
    assertThat(stat.nlink).isEqualTo(2);
  }

  @Test
  void anOpenFileIsGivenAName() throws Exception {
    try (Fd fd = new Fd(sys, sys.openat(dir, FILE, Linux.O_PATH, 0))) {
      sys.linkFd(fd.raw(), dir, ODD);
      sys.fstatx(fd.raw(), stat);
    }

    assertThat(stat.nlink).isEqualTo(2);
    int unnamed = sys.tryOpenat(dir, Name.DOT, Linux.O_TMPFILE | Linux.O_RDWR, 0600);
    assumeTrue(unnamed != -Errno.EOPNOTSUPP, "the file system has no O_TMPFILE");
    try (Fd fd = new Fd(sys, unnamed)) {
      sys.linkFd(fd.raw(), dir, ABSENT);
      assertErrno(Errno.EEXIST, () -> sys.linkFd(fd.raw(), dir, ABSENT));
    }
    assertThat(directory.resolve("absent")).exists();
  }

  @Test
  void aDuplicateIsTheSameOpenFile() throws Exception {
    try (Fd fd = new Fd(sys, sys.openat(dir, FILE, Linux.O_RDONLY, 0));
        Fd copy = new Fd(sys, sys.dup(fd.raw()))) {
      sys.lseek(fd.raw(), 3, Linux.SEEK_SET);
      assertThat(sys.lseek(copy.raw(), 0, Linux.SEEK_CUR)).isEqualTo(3);
    }
  }

  @Test
  void dup2ReplacesADescriptor() throws Exception {
    try (Fd target = new Fd(sys, sys.openat(dir, FILE, Linux.O_RDONLY, 0))) {
      sys.dup2(dir, target.raw());
      sys.dup2(dir, dir);

      sys.fstatx(target.raw(), stat);
      assertThat(stat.isDirectory()).isTrue();
      assertErrno(Errno.EBADF, () -> sys.dup2(-1, target.raw()));
    }
  }

  @Test
  void fileHandlesAreEqualForTheSameFileAndOpenIt() throws Exception {
    sys.linkat(dir, FILE, dir, ODD);
    FileHandle handle = sys.nameToHandleAt(dir, FILE);
    assumeTrue(handle != null, "the file system has no handles");
    if (handle == null) {
      return;
    }

    assertThat(handle).isEqualTo(sys.nameToHandleAt(dir, ODD)).hasSameHashCodeAs(handle);
    assertThat(handle).isNotEqualTo(sys.nameToHandleAt(dir, LINK));
    assertErrno(Errno.ENOENT, () -> sys.nameToHandleAt(dir, ABSENT));
    try (Fd mount = new Fd(sys, sys.openPath(bytes(directory.toString()), Linux.O_RDONLY, 0))) {
      int fd = sys.tryOpenByHandleAt(mount.raw(), handle, Linux.O_PATH);
      assumeTrue(fd != -Errno.EPERM, "only root opens by handle");
      sys.fstatx(fd, stat);
      sys.close(fd);
      assertThat(stat.isRegular()).isTrue();
    }
  }

  @Test
  void aHandleLongerThanAnyIsRefusedUnasked() {
    FileHandle absurd = new FileHandle(1, new byte[1000], 0);

    assertThat(sys.tryOpenByHandleAt(dir, absurd, Linux.O_PATH)).isEqualTo(-Errno.EINVAL);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void assertErrno(int errno, ThrowingCallable call) {
    assertThatThrownBy(call).isSameAs(ErrnoException.of(errno));
  }
}
