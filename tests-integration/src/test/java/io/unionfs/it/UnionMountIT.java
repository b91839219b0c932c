package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.UnionMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a Java program that uses the library sees. */
class UnionMountIT {
  @TempDir private Path home = Path.of("");
  private Path lower = Path.of("");
  private Path upper = Path.of("");

  @BeforeEach
  void layers() throws IOException {
    lower = Files.createDirectory(home.resolve("lower"));
    upper = Files.createDirectory(home.resolve("upper"));
    Files.writeString(lower.resolve("file"), "lower");
  }

  @Test
  void threeLinesGiveATestItsUnion() throws Exception {
    try (UnionMount union = UnionMount.builder().lower(lower).upper(upper).mount()) {
      Files.writeString(union.mountPoint().resolve("file"), "changed");
    }

    assertThat(lower.resolve("file")).hasContent("lower");
    assertThat(upper.resolve("file")).hasContent("changed");
  }

  @Test
  void temporaryMountPointGoesAwayWithTheUnion() throws Exception {
    Path point;
    try (UnionMount union = UnionMount.builder().lower(lower).mount()) {
      point = union.mountPoint();
      assertThat(union.isMounted()).isTrue();
      assertThat(union.transport()).isEqualTo("kernel");
      assertThatThrownBy(() -> Files.writeString(union.mountPoint().resolve("new"), ""))
          .hasMessageContaining("Read-only");
    }

    assertThat(point).doesNotExist();
  }

  @Test
  void unionThatIsInUseIsDetachedOnClose() throws Exception {
    try (UnionMount union = UnionMount.builder().lower(lower).upper(upper).mount();
        var open = Files.newInputStream(union.mountPoint().resolve("file"))) {
      assertThatThrownBy(() -> union.unmount(false)).isInstanceOf(IOException.class);
      assertThat(open.readAllBytes()).asString().isEqualTo("lower");
    }
  }

  @Test
  void manyUnionsInOneProcessLeakNothing() throws Exception {
    long before = openDescriptors();
    for (int i = 0; i < 10; i++) {
      try (UnionMount union = UnionMount.builder().lower(lower).upper(upper).mount()) {
        assertThat(union.mountPoint().resolve("file")).exists();
      }
    }
    assertThat(openDescriptors()).isLessThanOrEqualTo(before + 5);
  }

  private static long openDescriptors() throws IOException {
    try (var all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    }
  }

  @Test
  void wrongArgumentsNameThemselves() {
    assertThatThrownBy(() -> UnionMount.builder().mount())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no lower directory");
    assertThatThrownBy(() -> UnionMount.builder().timeoutSeconds(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1");
    assertThatThrownBy(() -> UnionMount.builder().lower(home.resolve("nowhere")).mount())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nowhere: no such directory");
  }
}
