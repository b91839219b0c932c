package io.unionfs.layer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class AclModeTest {
  /* user::rwx, user:1000:r--, group::r-x, mask::r-x, other::--x */
  private static final byte[] ACL =
      HexFormat.of()
          .parseHex(
              "02000000"
                  + "01000700ffffffff"
                  + "02000400e8030000"
                  + "04000500ffffffff"
                  + "10000500ffffffff"
                  + "20000100ffffffff");

  @Test
  void modeHasTheMaskInPlaceOfTheGroup() {
    assertThat(AclMode.of(ACL, 0)).isEqualTo(0751);
  }

  @Test
  void modeChangesOwnerMaskAndOtherAlone() {
    byte[] changed = AclMode.withMode(ACL, 0642);

    assertThat(HexFormat.of().formatHex(changed))
        .isEqualTo(
            "02000000"
                + "01000600ffffffff"
                + "02000400e8030000"
                + "04000500ffffffff"
                + "10000400ffffffff"
                + "20000200ffffffff");
  }

  @Test
  void nonsenseLeavesTheModeAlone() {
    assertThat(AclMode.of(new byte[] {2, 0, 0}, 0644)).isEqualTo(0644);
    assertThat(AclMode.withMode(new byte[] {2, 0, 0, 0, 1}, 0)).containsExactly(2, 0, 0, 0, 1);
  }
}
