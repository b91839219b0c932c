package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnpackOptionsTest {
  @Test
  void sizesMayHaveAUnit() {
    assertThat(UnpackOptions.bytes("1")).isEqualTo(1);
    assertThat(UnpackOptions.bytes("3k")).isEqualTo(3 << 10);
    assertThat(UnpackOptions.bytes("2G")).isEqualTo(2L << 30);
    assertThat(UnpackOptions.bytes("8191P")).isEqualTo(8191L << 50);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "-1", "K", "1X", "1.5G", "9000P", "1KB", "99999999999999999999"})
  void whatIsNoSizeIsSaid(String size) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> UnpackOptions.bytes(size))
        .withMessageContaining("a size is a number of bytes");
  }
}
