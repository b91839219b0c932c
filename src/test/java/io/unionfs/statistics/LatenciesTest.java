package io.unionfs.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LatenciesTest {
  @Test
  void everyTimeIsInTheBucketThatIsNoMoreThanAQuarterTooLong() {
    for (long nanos = 512; nanos < 60_000_000_000L; nanos += 1 + nanos / 7) {
      long bound = Latencies.boundNanos(Latencies.bucket(nanos));

      assertThat(bound).isGreaterThan(nanos).isLessThanOrEqualTo(nanos + nanos / 4 + 1);
    }
  }

  @Test
  void boundsRiseAndEveryNumberHasABucket() {
    for (int i = 1; i < Latencies.BUCKETS; i++) {
      assertThat(Latencies.boundNanos(i)).isGreaterThan(Latencies.boundNanos(i - 1));
    }
    assertThat(Latencies.bucket(-5)).isZero();
    assertThat(Latencies.bucket(0)).isZero();
    assertThat(Latencies.bucket(Long.MAX_VALUE)).isEqualTo(Latencies.BUCKETS - 1);
  }

  @Test
  void percentilesAreNeverBelowWhatWasAdded() {
    Latencies latencies = new Latencies();
    for (int i = 1; i <= 100; i++) {
      latencies.add(i * 1000L);
    }

    LatencyFigures figures = latencies.figures();

    assertThat(figures.count()).isEqualTo(100);
    assertThat(figures.percentileNanos(0.5)).isBetween(50_000L, 62_500L);
    assertThat(figures.percentileNanos(0.99)).isBetween(99_000L, 100_000L);
    assertThat(figures.maxNanos()).isEqualTo(100_000);
    assertThat(LatencyFigures.NONE.percentileNanos(0.5)).isZero();
  }

  @Test
  void theDifferenceOfTwoMomentsIsWhatCameInBetween() {
    Latencies latencies = new Latencies();
    latencies.add(1_000_000);
    LatencyFigures before = latencies.figures();
    latencies.add(2000);

    LatencyFigures since = latencies.figures().since(before);

    assertThat(since.count()).isEqualTo(1);
    assertThat(since.maxNanos()).isBetween(2000L, 2500L);
  }
}
