package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ChildTest {
  @Test
  void errorsAndExitStatusComeBack() throws ErrnoException {
    try (Child child = shell("echo \"$1\" >&2; echo \"$V\" >&2; exit 3", "a b")) {
      assertThat(child.awaitErrors()).isEqualTo("a b\nvalue");
      assertThat(child.awaitExit()).isEqualTo(3);
    }
  }

  @Test
  void deathByASignalIsNoSuccess() throws ErrnoException {
    try (Child child = shell("kill -9 $$")) {
      assertThat(child.awaitErrors()).isEmpty();
      assertThat(child.awaitExit()).isEqualTo(128);
    }
  }

  @Test
  void childThatSendsNoDescriptorGivesNone() throws ErrnoException {
    try (Child child = shell("printf x >&3; exec 3>&-")) {
      assertThat(child.receiveFd()).isEqualTo(-1);
      child.awaitExit();
    }
  }

  @Test
  void missingProgramIsAnError() {
    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(
            () -> Child.start(Sys.linux(), bytes("/nonexistent"), List.of(), List.of()).close())
        .withMessageContaining("ENOENT");
  }

  private static Child shell(String script, String... arguments) throws ErrnoException {
    List<byte[]> all =
        Stream.concat(Stream.of("sh", "-c", script, "sh"), Arrays.stream(arguments))
            .map(ChildTest::bytes)
            .toList();
    return Child.start(Sys.linux(), bytes("/bin/sh"), all, List.of(bytes("V=value")));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
