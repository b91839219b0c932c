package io.unionfs.transport.kernel.codec;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Seconds of the options as the kernel wants them. */
final class TimeoutsTest {
  private static final long YEARS_68 = (1L << 31) - 1;

  @Test
  void fractionsBecomeNanoseconds() {
    assertThat(Timeouts.of(1.5)).isEqualTo(new Timeouts(1, 500_000_000, 1, 500_000_000));
    assertThat(Timeouts.of(0.000_000_001).entryNanos()).isLessThanOrEqualTo(1);
    assertThat(Timeouts.of(2.999_999_999_99).entryNanos()).isLessThan(1_000_000_000);
  }

  @Test
  void negativeAndHugeAreForEver() {
    Timeouts forEver = new Timeouts(YEARS_68, 0, YEARS_68, 0);

    assertThat(Timeouts.of(-1)).isEqualTo(forEver);
    assertThat(Timeouts.of(1e30)).isEqualTo(forEver);
    assertThat(Timeouts.of(YEARS_68)).isEqualTo(forEver);
  }

  @Test
  void onlyZeroKeepsNothing() {
    assertThat(Timeouts.of(0).isZero()).isTrue();
    assertThat(Timeouts.of(0.001).isZero()).isFalse();
    assertThat(Timeouts.of(-1).isZero()).isFalse();
  }
}
