package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/*
 * The test values of SipHash-1-3 that implementations share: key 00 01 … 0f, message 00 01 … of each
 * length. Made by an implementation in another language, checked against CPython's hash(bytes).
 */
/** SipHash-1-3. */
final class NameHashTest {
  @ParameterizedTest
  @CsvSource({
    "0, abac0158050fc4dc",
    "1, c9f49bf37d57ca93",
    "2, 82cb9b024dc7d44d",
    "7, d3927d989bb11140",
    "8, 369095118d299a8e",
    "9, 25a48eb36c063de4",
    "15, d320d86d2a519956",
    "16, cc4fdd1a7d908b66",
    "17, 9cf2689063dbd80c",
    "31, 2370dd1f8c21d1bc",
    "63, 9d199062b7bbb3a8"
  })
  void hashIsSipHash13(int length, String expected) {
    byte[] message = new byte[length + 3];
    for (int i = 0; i < length; i++) {
      message[i + 2] = (byte) i;
    }
    NameHash hash = NameHash.of(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);

    assertThat(Long.toHexString(hash.hash(message, 2, length))).isEqualTo(expected);
  }
}
