package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdleProcessorTest {
  @TempDir private Path home = Path.of("");

  private boolean isThere(int processors, String load) throws IOException {
    Path file = Files.writeString(home.resolve("load"), load);
    try (IdleProcessor idle = IdleProcessor.of(file.toString(), processors)) {
      return idle.isThere();
    }
  }

  @Test
  void fewerThreadsThanProcessorsLeaveOne() throws Exception {
    assertThat(isThere(2, "0.00 0.01 0.05 4/234 12345\n")).isTrue();
    assertThat(isThere(2, "9.00 0.01 0.05 1/234 12345\n")).isTrue();
    assertThat(isThere(2, "0.00 0.01 0.05 5/234 12345\n")).isFalse();
    assertThat(isThere(1, "0.00 0.01 0.05 2/234 12345\n")).isTrue();
    assertThat(isThere(1, "0.00 0.01 0.05 3/234 12345\n")).isFalse();
    assertThat(isThere(64, "0.00 0.01 0.05 60/234 12345\n")).isTrue();
  }

  @Test
  void fileIsReadAnewEachTime() throws Exception {
    Path file = Files.writeString(home.resolve("load"), "0.00 0.01 0.05 1/2 3\n");
    try (IdleProcessor idle = IdleProcessor.of(file.toString(), 2)) {
      assertThat(idle.isThere()).isTrue();
      Files.writeString(file, "0.00 0.01 0.05 17/20 3\n");
      assertThat(idle.isThere()).isFalse();
    }
  }

  @Test
  void whatIsNoLoadIsAnError() {
    for (String load : new String[] {"", "nonsense", "1 2 3 x/y 4", "/", "1/2"}) {
      assertThatIOException().as(load).isThrownBy(() -> isThere(2, load));
    }
  }

  @Test
  void thisMachineTells() throws Exception {
    try (IdleProcessor idle = IdleProcessor.open()) {
      assertThatCode(idle::isThere).doesNotThrowAnyException();
    }
  }
}
