package io.unionfs.transport.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.unionfs.TargetDirectories;
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

  private static MountPoint at(Path path) {
    return new MountPoint(
        bytes(path.toString()), bytes("unionfs"), false, List.of(), -1, IoProfile.CACHED, true, 0);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
