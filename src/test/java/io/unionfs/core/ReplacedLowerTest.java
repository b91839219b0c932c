package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A lower file that others replace while the union knows it: an error, never a wait or an escape.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ReplacedLowerTest {
  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private OpenUnion union;
  private FileNode file;

  @SuppressWarnings("NullAway.Init") // set by open()
  ReplacedLowerTest() {}

  @BeforeEach
  void open() throws Exception {
    Files.createDirectories(home.resolve("lower"));
    Files.writeString(home.resolve("secret"), "secret");
    Files.writeString(lower(), "lower");
    union = OpenUnion.in(home);
    file = union.file("file");
    Files.delete(lower());
  }

  @AfterEach
  void close() {
    union.close();
  }

  private Path lower() {
    return home.resolve("lower/file");
  }

  private void isStale() throws Exception {
    requireStale(() -> union.read(file));
    requireStale(() -> union.write(file, "new", 0, false));
    requireStale(() -> union.stat(file));
    assertThat(home.resolve("upper/file")).doesNotExist();
    assertThat(union.workEntries()).isEmpty();
  }

  private static void requireStale(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ESTALE));
  }

  @Test
  void fifoInPlaceOfALowerFileIsNotWaitedFor() throws Exception {
    byte[] lowerPath = home.resolve("lower").toString().getBytes(StandardCharsets.UTF_8);
    int dir = Sys.linux().openPath(lowerPath, Linux.O_PATH | Linux.O_DIRECTORY, 0);
    Sys.linux().mknodat(dir, Name.of("file"), Linux.S_IFIFO | 0600, 0);
    Sys.linux().close(dir);

    isStale();
  }

  @Test
  void symlinkInPlaceOfALowerFileIsNotFollowed() throws Exception {
    Files.createSymbolicLink(lower(), home.resolve("secret").toAbsolutePath());

    isStale();
  }

  @Test
  void directoryInPlaceOfALowerFileIsNotRead() throws Exception {
    Files.createDirectory(lower());

    isStale();
  }

  @Test
  void nothingInPlaceOfALowerFileIsAnError() throws Exception {
    assertThatThrownBy(() -> union.read(file)).isInstanceOf(ErrnoException.class);
    assertThatThrownBy(() -> union.write(file, "new", 0, false)).isInstanceOf(ErrnoException.class);
    assertThat(union.workEntries()).isEmpty();
  }
}
