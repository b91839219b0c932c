package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class NameTest {
  @Test
  void bytesThatAreNotUtf8ComeBackUnchanged() {
    byte[] bytes = {'a', (byte) 0xff, (byte) 0xc3, 0x01, 'z'};

    assertThat(Name.of(bytes).bytes()).isEqualTo(bytes);
  }

  @Test
  void laterChangesOfTheArrayDoNotReachTheName() {
    byte[] bytes = {'a', 'b'};
    Name name = Name.of(bytes);

    bytes[0] = 'x';
    name.bytes()[1] = 'y';

    assertThat(name).isEqualTo(Name.of("ab"));
  }

  @Test
  void equalityAndHashAreThoseOfTheBytes() {
    Name part = Name.of("xaby".getBytes(StandardCharsets.US_ASCII), 1, 2);

    assertThat(part).isEqualTo(Name.of("ab")).hasSameHashCodeAs(Name.of("ab"));
    assertThat(part).isNotEqualTo(Name.of("abc")).isNotEqualTo("ab");
  }

  @Test
  void orderIsByUnsignedBytes() {
    Name low = Name.of(new byte[] {0x7f});
    Name high = Name.of(new byte[] {(byte) 0x80});

    assertThat(low).isLessThan(high);
    assertThat(Name.of("a")).isLessThan(Name.of("aa"));
  }

  @Test
  void partsAndJoints() {
    Name whiteout = Name.of(".wh.").concat(Name.of("file"));

    assertThat(whiteout).isEqualTo(Name.of(".wh.file"));
    assertThat(whiteout.startsWith(Name.of(".wh."))).isTrue();
    assertThat(Name.of(".w").startsWith(Name.of(".wh."))).isFalse();
    assertThat(whiteout.substring(4)).isEqualTo(Name.of("file"));
    assertThat(whiteout.length()).isEqualTo(8);
    assertThat(whiteout.byteAt(1)).isEqualTo((byte) 'w');
  }

  @Test
  void textIsUtf8WhereItIsAndEscapedWhereItIsNot() {
    assertThat(Name.of("größe").toString()).isEqualTo("größe");
    assertThat(Name.of(new byte[] {'a', (byte) 0xff}).toString()).isEqualTo("a\\377");
    assertThat(Name.of("a\nb").toString()).isEqualTo("a\\012b");
  }

  @Test
  void nativeCopyEndsInNul() {
    try (NativeMemory memory = NativeMemory.allocate(8)) {
      NativeMemory.putByte(memory.address() + 3, (byte) 'x');

      int length = Name.of("abc").copyTo(memory.address());

      assertThat(length).isEqualTo(3);
      assertThat(NativeMemory.getByte(memory.address() + 3)).isZero();
      assertThat(Name.fromNative(memory.address() + 1, 2)).isEqualTo(Name.of("bc"));
    }
  }

  @Test
  void arrayCopyHasNoNul() {
    byte[] target = {'1', '2', '3', '4', '5'};

    int length = Name.of("ab").copyTo(target, 1);

    assertThat(length).isEqualTo(2);
    assertThat(target).containsExactly('1', 'a', 'b', '4', '5');
  }

  @Test
  void weightGrowsWithTheBytes() {
    assertThat(Name.of("a".repeat(200)).weight()).isGreaterThan(Name.of("a").weight() + 190);
  }
}
