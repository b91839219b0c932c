package io.unionfs.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryLockTest {
  private final Sys sys = Sys.linux();

  @TempDir private Path home = Path.of("");

  private byte[] path() {
    return home.toString().getBytes(StandardCharsets.UTF_8);
  }

  private DirectoryLock lock() throws Exception {
    return DirectoryLock.of(sys, new Directories(sys).check("upper directory", path()));
  }

  @Test
  void oneAtATimeHasIt() throws Exception {
    try (DirectoryLock second = lock()) {
      try (DirectoryLock first = lock()) {
        assertThat(DirectoryLock.isTaken(sys, path())).isFalse();
        assertThat(first.tryTake()).isTrue();

        assertThat(second.tryTake()).isFalse();
        assertThat(DirectoryLock.isTaken(sys, path())).isTrue();
      }
      assertThat(second.tryTake()).isTrue();
    }
    assertThat(DirectoryLock.isTaken(sys, path())).isFalse();
  }

  @Test
  void directoryThatIsGoneHasNone() {
    byte[] gone = home.resolve("gone").toString().getBytes(StandardCharsets.UTF_8);

    assertThatThrownBy(() -> DirectoryLock.isTaken(sys, gone))
        .isEqualTo(ErrnoException.of(Errno.ENOENT));
  }
}
