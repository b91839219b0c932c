package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RawArgumentsTest {
  @Test
  void emptyArgumentsAreKept() {
    assertThat(RawArguments.split("java\0\0x\0\0")).containsExactly("java", "", "x", "");
  }

  @Test
  void bytesComeBackUnchanged() {
    byte[] all = new byte[255];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) (i + 1);
    }

    String argument = new String(all, java.nio.charset.StandardCharsets.ISO_8859_1);

    assertThat(RawArguments.bytes(argument)).isEqualTo(all);
  }
}
