package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Marks in the work directory that refuse a mount. */
final class IncompatTest {
  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private Path mark(String name) {
    return home.resolve(".upper.unionfs-work/work/incompat").resolve(name);
  }

  private OpenUnion openVolatile() throws IOException {
    return OpenUnion.in(home, options -> options.isVolatile(true));
  }

  @Test
  void volatileMountIsMarkedUntilItEnds() throws Exception {
    try (OpenUnion union = openVolatile()) {
      assertThat(mark("volatile/dirty")).isRegularFile();
      union.create("f");
    }

    assertThat(home.resolve(".upper.unionfs-work")).doesNotExist();
    OpenUnion.in(home).close();
  }

  @Test
  void mountThatSyncsOrWritesNothingIsNotMarked() throws Exception {
    try (OpenUnion union = OpenUnion.in(home)) {
      union.create("f");
      assertThat(mark("volatile")).doesNotExist();
    }
    try (OpenUnion union = OpenUnion.in(home, options -> options.isVolatile(true).readOnly(true))) {
      assertThat(union.fs().readOnly()).isTrue();
      assertThat(mark("volatile")).doesNotExist();
    }
  }

  @Test
  void markOfAVolatileMountThatDidNotEndRefusesEveryMount() throws Exception {
    Files.createDirectories(mark("volatile"));
    Files.createFile(mark("volatile/dirty"));
    Files.createFile(home.resolve(".upper.unionfs-work/work/#1"));

    for (boolean again : new boolean[] {true, false}) {
      assertThatThrownBy(() -> OpenUnion.in(home, options -> options.isVolatile(again)))
          .isInstanceOf(MountRefusedException.class)
          .hasMessageContaining(home.resolve(".upper.unionfs-work").toString())
          .hasMessageContaining("work/incompat/volatile")
          .hasMessageContaining("new upper and work directory")
          .hasMessageContaining("remove");
    }
    assertThat(mark("volatile/dirty")).exists();

    Files.delete(mark("volatile/dirty"));
    Files.delete(mark("volatile"));
    OpenUnion.in(home).close();
    assertThat(home.resolve(".upper.unionfs-work")).doesNotExist();
  }

  @Test
  void unknownMarkRefusesTheMount() throws Exception {
    Files.createDirectories(mark("later"));

    assertThatThrownBy(() -> OpenUnion.in(home))
        .isInstanceOf(MountRefusedException.class)
        .hasMessageContaining("work/incompat/later")
        .hasMessageContaining("does not know");
    assertThat(mark("later")).isDirectory();
  }

  @Test
  void markStaysWhereTheUpperCannotBeMadeDurable() throws Exception {
    Sys full =
        new Sys() {
          @Override
          public void syncfs(int fd) throws ErrnoException {
            throw ErrnoException.of(Errno.EIO);
          }
        };
    Files.createDirectories(home.resolve("lower"));
    Files.createDirectories(home.resolve("upper"));
    MountOptions options =
        MountOptions.builder()
            .lower(CoreOracleTest.bytes(home.resolve("lower")))
            .upper(CoreOracleTest.bytes(home.resolve("upper")))
            .isVolatile(true)
            .build();

    UnionFileSystem.open(full, options).close();

    assertThat(mark("volatile/dirty")).exists();
    assertThatThrownBy(() -> OpenUnion.in(home)).isInstanceOf(MountRefusedException.class);
  }
}
