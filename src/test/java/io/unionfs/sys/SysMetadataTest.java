package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Modes, owners, times and extended attributes, with the calls of this and of an older kernel. */
final class SysMetadataTest {
  private static final Name FILE = Name.of("file");
  private static final Name LINK = Name.of("link");
  private static final Name USER = Name.of("user.test");
  private static final Name TRUSTED = Name.of("trusted.test");
  private static final byte[] VALUE = {0, (byte) 0xff, 'v'};

  private final Stat stat = new Stat();

  @TempDir private Path directory;
  private int dir = -1;

  static Stream<Sys> kernels() {
    return Stream.of(
        new Sys() {
          @Override
          public String toString() {
            return "this kernel";
          }
        },
        new Sys(new XattrCalls(false), false) {
          @Override
          public String toString() {
            return "older kernel";
          }
        });
  }

  @BeforeEach
  void open() throws Exception {
    Files.writeString(directory.resolve("file"), "hello");
    Files.createSymbolicLink(directory.resolve("link"), Path.of("file"));
    byte[] path = directory.toString().getBytes(StandardCharsets.UTF_8);
    dir = Sys.linux().openPath(path, Linux.O_PATH | Linux.O_DIRECTORY, 0);
  }

  @AfterEach
  void close() {
    Sys.linux().close(dir);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void modeIsSetByNameAndNeverThroughALink(Sys sys) throws Exception {
    sys.fchmodat(dir, FILE, 04751);

    sys.statx(dir, FILE, stat);
    assertThat(stat.permissions()).isEqualTo(04751);
    assertErrno(Errno.EOPNOTSUPP, () -> sys.fchmodat(dir, LINK, 0600));
    assertErrno(Errno.ENOENT, () -> sys.fchmodat(dir, Name.of("absent"), 0600));
    sys.statx(dir, FILE, stat);
    assertThat(stat.permissions()).isEqualTo(04751);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void modeIsSetByDescriptorAlsoOfAPath(Sys sys) throws Exception {
    try (Fd read = new Fd(sys, sys.openat(dir, FILE, Linux.O_RDONLY, 0));
        Fd path = new Fd(sys, sys.openat(dir, FILE, Linux.O_PATH, 0));
        Fd link = new Fd(sys, sys.openat(dir, LINK, Linux.O_PATH, 0))) {
      sys.fchmod(read.raw(), 0640);
      sys.fstatx(read.raw(), stat);
      assertThat(stat.permissions()).isEqualTo(0640);

      sys.fchmod(path.raw(), 0604);
      sys.fstatx(read.raw(), stat);
      assertThat(stat.permissions()).isEqualTo(0604);

      assertErrno(Errno.EOPNOTSUPP, () -> sys.fchmod(link.raw(), 0600));
      assertErrno(Errno.EBADF, () -> sys.fchmod(-1, 0600));
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void ownerIsSetOnTheLinkItself(Sys sys) throws Exception {
    assumeTrue(OwnProcess.geteuid() == 0, "only root gives files away");

    sys.fchownat(dir, LINK, 1234, -1);
    sys.fchownat(dir, LINK, -1, 70_000);

    sys.statx(dir, LINK, stat);
    assertThat(stat.uid).isEqualTo(1234);
    assertThat(stat.gid).isEqualTo(70_000);
    sys.statx(dir, FILE, stat);
    assertThat(stat.uid).isZero();
    try (Fd path = new Fd(sys, sys.openat(dir, FILE, Linux.O_PATH, 0))) {
      sys.fchown(path.raw(), 5, 6);
      sys.fstatx(path.raw(), stat);
    }
    assertThat(stat.uid).isEqualTo(5);
    assertThat(stat.gid).isEqualTo(6);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void timesAreSetToTheNanosecondOnTheLinkItself(Sys sys) throws Exception {
    sys.statx(dir, FILE, stat);
    long before = stat.mtime;

    sys.utimensat(dir, LINK, -5, 1, 1_000_000_000L, 999_999_999);

    sys.statx(dir, LINK, stat);
    assertThat(stat.atime).isEqualTo(-5);
    assertThat(stat.atimeNsec).isEqualTo(1);
    assertThat(stat.mtime).isEqualTo(1_000_000_000L);
    assertThat(stat.mtimeNsec).isEqualTo(999_999_999);
    sys.statx(dir, FILE, stat);
    assertThat(stat.mtime).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void timesAreSetByDescriptorAndMayBeLeftAlone(Sys sys) throws Exception {
    for (int flags : new int[] {Linux.O_RDONLY, Linux.O_PATH}) {
      try (Fd fd = new Fd(sys, sys.openat(dir, FILE, flags, 0))) {
        sys.futimens(fd.raw(), 11, 12, 13, 14);
        sys.futimens(fd.raw(), 0, Linux.UTIME_OMIT, 15, 16);
        sys.fstatx(fd.raw(), stat);
        assertThat(stat.atime).isEqualTo(11);
        assertThat(stat.atimeNsec).isEqualTo(12);
        assertThat(stat.mtime).isEqualTo(15);
        assertThat(stat.mtimeNsec).isEqualTo(16);

        sys.futimens(fd.raw(), 0, Linux.UTIME_NOW, 0, Linux.UTIME_OMIT);
        sys.fstatx(fd.raw(), stat);
        assertThat(stat.atime).isGreaterThan(1_000_000_000L);
        assertThat(stat.mtime).isEqualTo(15);
        assertErrno(Errno.EINVAL, () -> sys.futimens(fd.raw(), 0, -1, 0, -1));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void xattrsAreSetReadListedAndRemovedByName(Sys sys) throws Exception {
    assertThat(sys.getxattrat(dir, FILE, USER)).isNull();
    sys.setxattrat(dir, FILE, USER, VALUE, Linux.XATTR_CREATE);
    sys.setxattrat(dir, FILE, Name.of("user.empty"), new byte[0], 0);

    assertThat(sys.getxattrat(dir, FILE, USER)).isEqualTo(VALUE);
    assertThat(sys.getxattrat(dir, FILE, Name.of("user.empty"))).isEmpty();
    assertThat(names(sys.listxattrat(dir, FILE))).contains("user.test", "user.empty");
    assertErrno(Errno.EEXIST, () -> sys.setxattrat(dir, FILE, USER, VALUE, Linux.XATTR_CREATE));
    sys.removexattrat(dir, FILE, USER);
    assertErrno(Errno.ENODATA, () -> sys.removexattrat(dir, FILE, USER));
    assertErrno(Errno.ENODATA, () -> sys.setxattrat(dir, FILE, USER, VALUE, Linux.XATTR_REPLACE));
    assertThat(names(sys.listxattrat(dir, FILE))).doesNotContain("user.test");
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void xattrsOfALinkAreNotThoseOfItsTarget(Sys sys) throws Exception {
    assumeTrue(OwnProcess.hasCapability(Linux.CAP_SYS_ADMIN), "trusted.* wants CAP_SYS_ADMIN");
    sys.setxattrat(dir, LINK, TRUSTED, VALUE, 0);

    assertThat(sys.getxattrat(dir, LINK, TRUSTED)).isEqualTo(VALUE);
    assertThat(sys.getxattrat(dir, FILE, TRUSTED)).isNull();
    assertThat(names(sys.listxattrat(dir, LINK))).contains("trusted.test");
    assertErrno(Errno.EPERM, () -> sys.setxattrat(dir, LINK, USER, VALUE, 0));
    sys.removexattrat(dir, LINK, TRUSTED);
    assertThat(sys.getxattrat(dir, LINK, TRUSTED)).isNull();
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void xattrsOfTheDirectoryItself(Sys sys) throws Exception {
    sys.setxattrat(dir, Name.DOT, USER, VALUE, 0);

    assertThat(sys.getxattrat(dir, Name.DOT, USER)).isEqualTo(VALUE);
    assertThat(sys.fgetxattr(dir, USER)).isEqualTo(VALUE);
    assertThat(sys.getxattrat(Linux.AT_FDCWD, Name.of(directory.toString()), USER))
        .isEqualTo(VALUE);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void xattrsOfAnAbsentOrImpossibleNameAreErrors(Sys sys) {
    Name absent = Name.of("absent");

    Name huge = Name.of("x".repeat(5000));

    assertErrno(Errno.ENAMETOOLONG, () -> sys.getxattrat(dir, huge, USER));
    assertErrno(Errno.ENAMETOOLONG, () -> sys.listxattrat(dir, huge));
    assertErrno(Errno.ENAMETOOLONG, () -> sys.setxattrat(dir, huge, USER, VALUE, 0));
    assertErrno(Errno.ENAMETOOLONG, () -> sys.removexattrat(dir, huge, USER));
    assertErrno(Errno.ENOENT, () -> sys.getxattrat(dir, absent, USER));
    assertErrno(Errno.ENOENT, () -> sys.listxattrat(dir, absent));
    assertErrno(Errno.ENOENT, () -> sys.setxattrat(dir, absent, USER, VALUE, 0));
    assertErrno(Errno.ENOENT, () -> sys.removexattrat(dir, absent, USER));
    assertErrno(Errno.E2BIG, () -> sys.setxattrat(dir, FILE, USER, new byte[65_537], 0));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void xattrsByDescriptorAlsoOfAPath(Sys sys) throws Exception {
    for (int flags : new int[] {Linux.O_RDONLY, Linux.O_PATH}) {
      try (Fd fd = new Fd(sys, sys.openat(dir, FILE, flags, 0))) {
        assertThat(sys.fgetxattr(fd.raw(), USER)).isNull();
        sys.fsetxattr(fd.raw(), USER, VALUE, 0);
        assertThat(sys.fgetxattr(fd.raw(), USER)).isEqualTo(VALUE);
        assertThat(names(sys.flistxattr(fd.raw()))).contains("user.test");
        assertErrno(Errno.EEXIST, () -> sys.fsetxattr(fd.raw(), USER, VALUE, Linux.XATTR_CREATE));
        sys.fremovexattr(fd.raw(), USER);
        assertErrno(Errno.ENODATA, () -> sys.fremovexattr(fd.raw(), USER));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void xattrsByDescriptorOfALink(Sys sys) throws Exception {
    assumeTrue(OwnProcess.hasCapability(Linux.CAP_SYS_ADMIN), "trusted.* wants CAP_SYS_ADMIN");
    try (Fd fd = new Fd(sys, sys.openat(dir, LINK, Linux.O_PATH, 0))) {
      sys.fsetxattr(fd.raw(), TRUSTED, VALUE, 0);

      assertThat(sys.fgetxattr(fd.raw(), TRUSTED)).isEqualTo(VALUE);
      assertThat(sys.getxattrat(dir, LINK, TRUSTED)).isEqualTo(VALUE);
      assertThat(sys.getxattrat(dir, FILE, TRUSTED)).isNull();
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void aValueIsPutIntoTheCallersMemory(Sys sys) throws Exception {
    sys.setxattrat(dir, FILE, USER, VALUE, 0);
    Scratch scratch = Scratch.get();

    assertThat(sys.tryGetxattrat(dir, FILE, USER, scratch.address(), scratch.size())).isEqualTo(3);
    assertThat(Name.fromNative(scratch.address(), 3)).isEqualTo(Name.of(VALUE));
    assertThat(sys.tryGetxattrat(dir, FILE, USER, 0, 0)).isEqualTo(3);
    assertThat(sys.tryGetxattrat(dir, FILE, USER, scratch.address(), 2)).isEqualTo(-Errno.ERANGE);
    assertThat(sys.tryGetxattrat(dir, FILE, TRUSTED, scratch.address(), 9))
        .isEqualTo(-Errno.ENODATA);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void manyXattrsAreListedWhole(Sys sys) throws Exception {
    Map<String, Name> expected =
        Stream.iterate(0, i -> i + 1)
            .limit(20)
            .map(i -> "user." + "n".repeat(40) + i)
            .collect(Collectors.toMap(name -> name, Name::of));
    for (Name name : expected.values()) {
      sys.setxattrat(dir, FILE, name, VALUE, 0);
    }

    assertThat(names(sys.listxattrat(dir, FILE))).containsAll(expected.keySet());
    assertThat(sys.listxattrat(dir, LINK)).doesNotContain((byte) 'u');
  }

  private static Set<String> names(byte[] list) {
    return Arrays.stream(new String(list, StandardCharsets.ISO_8859_1).split("\0", -1))
        .filter(name -> !name.isEmpty())
        .collect(Collectors.toSet());
  }

  private static void assertErrno(int errno, ThrowingCallable call) {
    assertThatThrownBy(call).isSameAs(ErrnoException.of(errno));
  }
}
