package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class IdRangesTest {
  @Test
  void severalRangesMapBothWays() {
    IdRanges ranges = IdRanges.parse("uidmapping", ":0:1000:1:1:100000:65535");

    assertThat(ranges.shown(0)).isEqualTo(OptionalInt.of(1000));
    assertThat(ranges.shown(1)).isEqualTo(OptionalInt.of(100_000));
    assertThat(ranges.shown(65_535)).isEqualTo(OptionalInt.of(165_534));
    assertThat(ranges.shown(65_536)).isEmpty();
    assertThat(ranges.stored(1000)).isEqualTo(OptionalInt.of(0));
    assertThat(ranges.stored(165_534)).isEqualTo(OptionalInt.of(65_535));
    assertThat(ranges.stored(0)).isEmpty();
  }

  @Test
  void idsAreUnsigned() {
    IdRanges ranges = IdRanges.parse("uidmapping", "4294967290:0:5");

    assertThat(ranges.shown((int) 4_294_967_291L)).isEqualTo(OptionalInt.of(1));
    assertThat(ranges.stored(4)).isEqualTo(OptionalInt.of((int) 4_294_967_294L));
    assertThat(ranges.shown(-1)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''             | must be STORED:SHOWN:COUNT",
        ":::            | must be STORED:SHOWN:COUNT",
        "0:1            | must be STORED:SHOWN:COUNT",
        "0:1:2:3        | must be STORED:SHOWN:COUNT",
        "0:x:1          | field 2 must be a number",
        "0:0:1:1:1:-1   | field 6 must be a number",
        "0:+1:1         | field 2 must be a number",
        "0:0:4294967296 | field 3 must be a number",
        "0:0:4294967297 | field 3 must be a number",
        "0:0:99999999999999999999 | field 3 must be a number",
        "0:0:0          | the count of 0:0:0 must be positive",
        "1:0:4294967295 | must be positive and end at 4294967294",
        "4294967295:0:1 | must be positive and end at 4294967294",
        "0:0:10:9:100:1 | 9:100:1 maps ids that are mapped before",
        "0:0:10:20:9:1  | 20:9:1 maps ids that are mapped before",
      })
  void whatIsNoMappingIsRefusedByField(String text, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> IdRanges.parse("gidmapping", text))
        .withMessageStartingWith("gidmapping")
        .withMessageContaining(message);
  }

  @Test
  void allIdsButTheLastMayBeMapped() {
    assertThat(IdRanges.parse("uidmapping", "0:0:4294967295").shown(-2))
        .isEqualTo(OptionalInt.of(-2));
  }
}
