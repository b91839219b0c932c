package io.unionfs.image.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are read and written by descriptor. */
class FilesTest {
  private static final Sys SYS = Sys.linux();

  @TempDir private Path home = Path.of("");

  private static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  /* Open for both, so that neither end waits for the other. */
  private int fifo() throws Exception {
    byte[] path = bytes(home.resolve("fifo"));
    SYS.mknodat(Linux.AT_FDCWD, Name.of(path), Linux.S_IFIFO | 0600, 0);
    return SYS.openPath(path, Linux.O_RDWR, 0);
  }

  @Test
  void pipeIsReadAsItComes() throws Exception {
    int fd = fifo();
    SYS.write(fd, "text".getBytes(StandardCharsets.UTF_8));

    try (InputStream in = FdInputStream.of(SYS, fd)) {
      assertThat(in.readNBytes(4)).asString(StandardCharsets.UTF_8).isEqualTo("text");
    }
  }

  @Test
  void readingFromAPipeCanBeInterrupted() throws Exception {
    try (InputStream in = FdInputStream.of(SYS, fifo())) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(in::read).isInstanceOf(InterruptedIOException.class);
    }
  }

  @Test
  void placeThatIsNoRegularFileIsRefusedBeforeTheWork() throws Exception {
    Files.createSymbolicLink(home.resolve("link"), Path.of("elsewhere"));
    Files.writeString(home.resolve("file"), "old");
    try (StagedFile file = StagedFile.in(SYS, Directories.open(SYS, bytes(home)), bytes(home))) {
      file.requirePlace(Name.of("file"));
      file.requirePlace(Name.of("absent"));
      assertThatThrownBy(() -> file.requirePlace(Name.of("link")))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("it exists and is no regular file");
    }
  }
}
