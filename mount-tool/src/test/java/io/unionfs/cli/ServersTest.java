package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ServersTest {
  @Test
  void mountPointIsFoundWhereverOptionsStand() {
    assertThat(Servers.mountPoint(List.of("--lower", "a", "m"))).isEqualTo("m");
    assertThat(Servers.mountPoint(List.of("none", "/m", "-o", "lowerdir=a"))).isEqualTo("/m");
    assertThat(Servers.mountPoint(List.of("-o", "lowerdir=a", "none", "/m"))).isEqualTo("/m");
    assertThat(Servers.mountPoint(List.of("/m", "--redirect-dir", "-f"))).isEqualTo("/m");
  }

  @Test
  void argumentsThatAreNotUnderstoodNameNone() {
    assertThat(Servers.mountPoint(List.of("--nonsense", "/m"))).isNull();
    assertThat(Servers.mountPoint(List.of())).isNull();
  }
}
