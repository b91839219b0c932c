package io.unionfs.layer;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.sys.Linux;
import io.unionfs.sys.Stat;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class OwnerStatTest {
  private static @Nullable OwnerStat parse(String value) {
    return OwnerStat.parse(value.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static Stat shown(String value, int hostMode) {
    Stat stat = new Stat();
    stat.uid = 5;
    stat.gid = 6;
    stat.mode = hostMode;
    OwnerStat said = parse(value);
    assertThat(said).isNotNull();
    if (said != null) {
      assertThat(said.fits(stat.type())).isTrue();
      said.applyTo(stat);
    }
    return stat;
  }

  @ParameterizedTest
  @CsvSource({
    "1000:1001:0644:file, 100000",
    "1000:1001:4755:file, 100000",
    "1000:1001:1777:dir, 40000",
    "0:0:0666:pipe, 100000",
    "0:0:0700:socket, 100000",
    "1005:1016:0600:block-8-0, 100000",
    "1006:1017:0600:char-1-3, 100000",
    "4294967294:0:0000:file, 100000"
  })
  void valuesOfContainersStorageComeBackAsTheyWere(String value, String hostType) {
    Stat stat = shown(value, Integer.parseInt(hostType, 8));

    assertThat(new String(OwnerStat.format(stat), StandardCharsets.US_ASCII)).isEqualTo(value);
  }

  @Test
  void valueWithoutTypeKeepsTheTypeOfTheHost() {
    assertThat(shown("1:2:555", Linux.S_IFDIR | 0700).mode).isEqualTo(Linux.S_IFDIR | 0555);
    assertThat(shown("1:2:100640", Linux.S_IFREG | 0755).mode).isEqualTo(Linux.S_IFREG | 0640);
  }

  @Test
  void idsThatFuseOverlayfsDidNotKnowAreThoseOfTheHost() {
    Stat stat = shown("-1:-1:640", Linux.S_IFREG | 0755);

    assertThat(stat.uid).isEqualTo(5);
    assertThat(stat.gid).isEqualTo(6);
    assertThat(stat.permissions()).isEqualTo(0640);
  }

  @Test
  void laterFieldsAreNoHindrance() {
    assertThat(shown("1:2:0600:char-10-11-new:more", Linux.S_IFREG).rdev)
        .isEqualTo(Linux.makedev(10, 11));
    assertThat(shown("1:2:0600:file2", Linux.S_IFREG).permissions()).isEqualTo(0600);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1000",
        "1000:1001",
        "root:1001:0644:file",
        "1:2:0899",
        "1:2:",
        "1:2:7777777",
        "1:2:-644",
        "99999999999:0:0644",
        "1:2:0644:door",
        "1:2:0644:",
        "1:2:0644:char",
        "1:2:0644:block-1",
        "1:2:0644:char-a-b",
        "1:2:0644:char--1-2",
        "\0\0\0"
      })
  void nonsenseIsNoValue(String value) {
    assertThat(parse(value)).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "1:2:0644:dir, 100000",
    "1:2:0644:symlink, 100000",
    "1:2:0644:file, 40000",
    "1:2:0644:pipe, 40000",
    "1:2:0644:char-0-0, 100000"
  })
  void typesThatTheHostsObjectCannotStandForDoNotFit(String value, String hostType) {
    OwnerStat said = parse(value);

    assertThat(said != null && said.fits(Integer.parseInt(hostType, 8))).isFalse();
  }
}
