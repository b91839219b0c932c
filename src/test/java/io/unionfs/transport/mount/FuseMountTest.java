package io.unionfs.transport.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import io.unionfs.transport.IoProfile;
import io.unionfs.transport.MountPoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FuseMountTest {
  @TempDir(factory = TargetDirectories.class)
  Path directory;

  @Test
  void missingMountPointIsRefused() {
    assertThatIOException()
        .isThrownBy(() -> FuseMount.attach(Sys.linux(), at(directory.resolve("missing"))))
        .withMessageContainingAll("missing", "does not exist");
  }

  @Test
  void fileAsMountPointIsRefused() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));

    assertThatIOException()
        .isThrownBy(() -> FuseMount.attach(Sys.linux(), at(file)))
        .withMessageContaining("is not a directory");
  }

  @Test
  void fusermountGetsSourceEscaped() {
    MountPoint at =
        new MountPoint(
            bytes("/mnt"),
            bytes("a,b\\c"),
            true,
            List.of("nosuid", "noatime"),
            -1,
            IoProfile.CACHED,
            true,
            0);

    assertThat(FuseMount.fusermountOptions(at))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo(
            "default_permissions,subtype=unionfs-mount,allow_other,nosuid,noatime,"
                + "fsname=a\\,b\\\\c");
  }

  @ParameterizedTest
  @CsvSource({"/dev/fd/0,0", "/dev/fd/3,3", "/dev/fd/17,17", "/dev/fd/999999999,999999999"})
  void aPathBelowDevFdNamesADescriptor(String path, int fd) {
    assertThat(FuseMount.handedOver(bytes(path))).isEqualTo(fd);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/dev/fd/",
        "/dev/fd/x",
        "/dev/fd/3/",
        "/dev/fd/-3",
        "/dev/fd/03",
        "/dev/fd/9999999999",
        "/dev/fd",
        "/dev/fdx/3",
        "dev/fd/3",
        "/mnt",
        ""
      })
  void anyOtherPathIsOne(String path) {
    assertThat(FuseMount.handedOver(bytes(path))).isEqualTo(-1);
  }

  @Test
  void descriptorOfSomethingElseIsRefusedAndStaysOpen() throws IOException {
    Sys sys = Sys.linux();
    byte[] file = bytes(Files.createFile(directory.resolve("file")).toString());

    try (Fd fd = new Fd(sys, sys.openPath(file, Linux.O_RDONLY, 0))) {
      assertThatIOException()
          .isThrownBy(() -> FuseMount.attach(sys, at(Path.of("/dev/fd/" + fd.raw()))))
          .withMessageContaining("is not one of /dev/fuse");
      sys.fstatx(fd.raw(), new Stat());
    } catch (ErrnoException e) {
      throw new AssertionError("still open", e);
    }
  }

  @Test
  void descriptorThatIsNotOpenIsRefused() {
    assertThatIOException()
        .isThrownBy(() -> FuseMount.attach(Sys.linux(), at(Path.of("/dev/fd/999999"))))
        .withMessageContaining("is not open");
  }

  @Test
  void mountThatIsHandedOverIsNotOursToUnmount() throws Exception {
    Sys sys = Sys.linux();
    int fd = sys.openPath(bytes(directory.toString()), Linux.O_RDONLY, 0);
    FuseMount mount = FuseMount.takeOver(sys, Name.of("/dev/fd/" + fd), fd);

    assertThat(mount.isHandedOver()).isTrue();
    assertThat(mount.deviceFd()).isEqualTo(fd);
    assertThat(mount.mountId()).isEqualTo(-1);
    assertThat(mount.connection()).isEqualTo(-1);
    assertThat(mount).hasToString("/dev/fd/" + fd);
    mount.awaitAnswer();
    assertThatIOException().isThrownBy(() -> mount.unmount(true)).withMessageContaining("there");
    assertThatIOException().isThrownBy(mount::abort).withMessageContaining("unmount it there");
    mount.closeDevice();
    assertThat(isOpenOn(sys, fd, directory)).isFalse();
  }

  /* Of a closed descriptor the number may have been given out again, by any thread of this JVM. */
  private static boolean isOpenOn(Sys sys, int fd, Path path) throws IOException, ErrnoException {
    Stat opened = new Stat();
    try {
      sys.fstatx(fd, opened);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EBADF) {
        return false;
      }
      throw e;
    }
    return opened.ino == (long) Files.getAttribute(path, "unix:ino");
  }

  private static MountPoint at(Path path) {
    return new MountPoint(
        bytes(path.toString()), bytes("unionfs"), false, List.of(), -1, IoProfile.CACHED, true, 0);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
