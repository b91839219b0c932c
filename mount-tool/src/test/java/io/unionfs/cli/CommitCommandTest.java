package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommitCommandTest {
  @Test
  void timeOfAnImageIsOneOfFourDigitYears() {
    assertThat(CommitCommand.epoch(null)).isNull();
    assertThat(CommitCommand.epoch("0")).isZero();
    assertThat(CommitCommand.epoch("253402300799")).isEqualTo(253_402_300_799L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "-1", "253402300800", "9223372036854775807", "1e9"})
  void timeThatNoImageCanHaveIsRefused(String variable) {
    assertThatThrownBy(() -> CommitCommand.epoch(variable))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("SOURCE_DATE_EPOCH is no number of seconds from 0");
  }
}
