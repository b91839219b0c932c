package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class RecentNamesTest {
  private static final int MANY = 5_000;

  private final NativeMemory memory = NativeMemory.allocate(512);
  private final RecentNames recent = new RecentNames();

  @AfterEach
  void free() {
    memory.close();
  }

  private Name ask(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    NativeMemory.putBytes(memory.address(), bytes, 0, bytes.length);
    return recent.fromNative(memory.address(), bytes.length);
  }

  @Test
  void nameThatComesAgainIsTheSameObject() {
    Name first = ask("name");
    Name other = ask("other");

    assertThat(ask("name")).isSameAs(first);
    assertThat(ask("other")).isSameAs(other);
  }

  @Test
  void namesAreThoseOfTheirBytesHoweverMany() {
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < MANY; i++) {
        assertThat(ask("name" + i)).isEqualTo(Name.of("name" + i));
      }
    }
  }

  @Test
  void hashCodeIsThatOfOtherNames() {
    assertThat(ask("größe")).hasSameHashCodeAs(Name.of("größe"));
  }

  @Test
  void beginningOfANameIsAnother() {
    ask("name");

    assertThat(ask("nam")).isEqualTo(Name.of("nam"));
    assertThat(ask("")).isEqualTo(Name.of(""));
  }

  /* "Aa" and "BB" have one hash code, and so have all strings of four of them. */
  @Test
  void twoThatMeetInOnePlaceStay() {
    Name first = ask("AaAa");
    Name second = ask("AaBB");

    assertThat(ask("AaAa")).isSameAs(first);
    assertThat(ask("AaBB")).isSameAs(second);
    assertThat(ask("BBAa")).isEqualTo(Name.of("BBAa"));
    assertThat(ask("AaBB")).isSameAs(second);
    assertThat(ask("AaAa")).isEqualTo(first).isNotSameAs(first);
  }

  @Test
  void longNamesAreNotRemembered() {
    String path = "x".repeat(256);

    assertThat(ask(path)).isEqualTo(Name.of(path)).isNotSameAs(ask(path));
    assertThat(ask("x".repeat(255))).isSameAs(ask("x".repeat(255)));
  }
}
