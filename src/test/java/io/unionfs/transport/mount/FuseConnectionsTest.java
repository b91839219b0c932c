package io.unionfs.transport.mount;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import org.junit.jupiter.api.Test;

class FuseConnectionsTest {
  @Test
  void aMountHasTheMinorNumberOfItsDevice() {
    assertThat(FuseConnections.of(mount(0, 40))).isEqualTo(40);
  }

  @Test
  void aMountOfABlockDeviceHasNone() {
    assertThat(FuseConnections.of(mount(8, 1))).isEqualTo(-1);
  }

  @Test
  void aDeviceTellsItsConnection() {
    assertThat(FuseConnections.parse("pos:\t0\nflags:\t02100002\nfuse_connection:\t40\n"))
        .isEqualTo(40);
  }

  @Test
  void whatIsNoConnectionHasNone() {
    assertThat(FuseConnections.parse("pos:\t0\nflags:\t02100002\n")).isEqualTo(-1);
    assertThat(FuseConnections.ofDevice(Sys.linux(), 0)).isEqualTo(-1);
    assertThat(FuseConnections.ofDevice(Sys.linux(), 999_999)).isEqualTo(-1);
  }

  @Test
  void ofWhatIsNoConnectionNothingIsCertain() {
    assertThat(FuseConnections.mayBeServed(Sys.linux(), mount(8, 1), 1000)).isTrue();
  }

  private static MountInfo mount(int major, int minor) {
    return new MountInfo(
        1, 0, major, minor, Name.of("/"), Name.of("/mnt"), "rw", "fuse.x", Name.of("x"), "rw");
  }
}
