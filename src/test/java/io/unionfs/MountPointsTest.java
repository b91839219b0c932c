package io.unionfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.unionfs.core.MountRefusedException;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountPointsTest {
  @TempDir(factory = TargetDirectories.class)
  Path directory;

  @Test
  void directoryIsItsPathWithoutLinks() throws Exception {
    Path real = Files.createDirectory(directory.resolve("real")).toRealPath();
    Path link = Files.createSymbolicLink(directory.resolve("link"), real);

    assertThat(MountPoints.check(Sys.linux(), bytes(link.toString())))
        .isEqualTo(bytes(real.toString()));
  }

  @Test
  void descriptorIsTakenAsItIs() throws Exception {
    assertThat(MountPoints.check(Sys.linux(), bytes("/dev/fd/999999")))
        .isEqualTo(bytes("/dev/fd/999999"));
  }

  @Test
  void whatLooksLikeADescriptorButIsNoneIsAPath() {
    assertRefused("/dev/fd/099999", "no such directory");
  }

  @Test
  void fileAndMissingDirectoryAreRefused() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));

    assertRefused(file.toString(), "not a directory");
    assertRefused(file + "-not", "no such directory");
  }

  private static void assertRefused(String path, String why) {
    assertThatExceptionOfType(MountRefusedException.class)
        .isThrownBy(() -> MountPoints.check(Sys.linux(), bytes(path)))
        .withMessageContainingAll(path, why);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
