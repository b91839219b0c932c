package io.unionfs.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TransportTest {
  @ParameterizedTest
  @EnumSource
  void keyIsParsedBack(Transport transport) {
    assertThat(Transport.parse(transport.key())).isEqualTo(transport);
  }

  @Test
  void unknownNameIsRefusedWithTheKnownOnes() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Transport.parse("fuse3"))
        .withMessageContainingAll("fuse3", "auto", "jnr-fuse", "kernel");
  }
}
