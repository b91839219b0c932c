package io.unionfs.transport.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class MountFlagsTest {
  @Test
  void namesBecomeTheBitsOfMount2() {
    assertThat(MountFlags.of(List.of("ro", "nosuid", "nodev", "noexec", "nosymfollow", "noatime")))
        .isEqualTo(1 | 2 | 4 | 8 | 256 | 1024);
  }

  @Test
  void laterNameWins() {
    assertThat(MountFlags.of(List.of("nosuid", "suid", "ro", "nodev"))).isEqualTo(1 | 4);
  }

  @Test
  void mountHasOneRuleForAccessTimes() {
    assertThat(MountFlags.of(List.of("noatime", "nodiratime", "relatime")))
        .isEqualTo(2048 | 1 << 21);
    assertThat(MountFlags.with(2048 | 1 << 21, "noatime")).isEqualTo(1024 | 2048);
  }

  @Test
  void wordsThatAreNoFlagsChangeNothing() {
    assertThat(MountFlags.with(1 | 2, "user_id=0")).isEqualTo(1 | 2);
    assertThat(MountFlags.isFlag("user_id=0")).isFalse();
    assertThat(MountFlags.isFlag("exec")).isTrue();
  }

  @Test
  void unknownNameIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MountFlags.of(List.of("nosuid", "nonsense")))
        .withMessageContaining("nonsense");
  }
}
