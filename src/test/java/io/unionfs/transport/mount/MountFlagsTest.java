package io.unionfs.transport.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class MountFlagsTest {
  @Test
  void namesBecomeTheBitsOfMount2() {
    assertThat(MountFlags.of(List.of("ro", "nosuid", "nodev", "noexec", "noatime")))
        .isEqualTo(1 | 2 | 4 | 8 | 1024);
  }

  @Test
  void laterNameWins() {
    assertThat(MountFlags.of(List.of("nosuid", "suid", "ro", "nodev"))).isEqualTo(1 | 4);
  }

  @Test
  void unknownNameIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MountFlags.of(List.of("nosuid", "nonsense")))
        .withMessageContaining("nonsense");
  }
}
