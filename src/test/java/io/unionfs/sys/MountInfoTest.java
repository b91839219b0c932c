package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MountInfoTest {
  @Test
  void aLineWithOptionalFieldsAndEscapesIsTakenApart() {
    MountInfo mount =
        MountInfo.parse(
            "36 35 98:0 /mnt1 /a\\040b\\134c rw,noatime master:1 shared:2"
                + " - fuse.unionfs-mount x\\011y rw,errors=continue");

    assertThat(mount)
        .isEqualTo(
            new MountInfo(
                36,
                35,
                98,
                0,
                Name.of("/mnt1"),
                Name.of("/a b\\c"),
                "rw,noatime",
                "fuse.unionfs-mount",
                Name.of("x\ty"),
                "rw,errors=continue"));
  }

  @Test
  void bytesThatAreNotUtf8AndAnEmptySourceSurvive() {
    MountInfo mount = MountInfo.parse("1 0 0:5 / /a\u00ff\r rw - tmpfs  rw");

    assertThat(mount.mountPoint()).isEqualTo(Name.of(new byte[] {'/', 'a', (byte) 0xff, '\r'}));
    assertThat(mount.source()).isEqualTo(Name.of(""));
    assertThat(mount.superOptions()).isEqualTo("rw");
  }

  @Test
  void theRunningSystemHasARootMountThatStatxKnows() throws ErrnoException {
    Stat root = new Stat();
    Sys.linux().statxPath("/".getBytes(StandardCharsets.US_ASCII), true, root);

    List<MountInfo> mounts = MountInfo.read(Sys.linux());

    assertThat(mounts)
        .anySatisfy(
            mount -> {
              assertThat(mount.mountPoint()).isEqualTo(Name.of("/"));
              assertThat(mount.id()).isEqualTo(root.mntId);
              assertThat(Linux.makedev(mount.major(), mount.minor())).isEqualTo(root.dev);
            });
  }
}
