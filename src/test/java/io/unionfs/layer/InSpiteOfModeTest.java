package io.unionfs.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class InSpiteOfModeTest {
  @TempDir Path home;

  /** The process dies: a call for this one is its last. */
  private static final class Death extends Error {
    private static final long serialVersionUID = 1;
  }

  /** Changes modes until the process dies. */
  private static final class MortalSys extends Sys {
    private boolean dead;

    @Override
    public void fchmodat(int dirFd, Name name, int mode) throws ErrnoException {
      if (dead) {
        throw new Death();
      }
      super.fchmodat(dirFd, name, mode);
    }

    Death die() {
      dead = true;
      return new Death();
    }
  }

  private Name make(String kind, String mode) throws IOException {
    Path object = home.resolve("object");
    if (kind.equals("dir")) {
      Files.createDirectory(object);
    } else {
      Files.createFile(object);
    }
    Files.setPosixFilePermissions(object, PosixFilePermissions.fromString(mode));
    return Name.of(object.toString());
  }

  private String mode() throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve("object")));
  }

  /* docs/DEVIATIONS.md: what a server that is killed between the two steps leaves. */
  @ParameterizedTest
  @CsvSource({
    "file, r--r-----, rw-r-----",
    "file, ---r----x, rw-r----x",
    "dir,  ---------, rwx------",
    "dir,  r-xr-xr-x, rwxr-xr-x"
  })
  void ownerOnlyMayDoMoreAfterTheServerWasKilled(String kind, String before, String after)
      throws Exception {
    Name object = make(kind, before);
    MortalSys sys = new MortalSys();
    List<String> seen = new ArrayList<>();

    assertThatExceptionOfType(Death.class)
        .isThrownBy(
            () ->
                InSpiteOfMode.run(
                    sys,
                    Linux.AT_FDCWD,
                    object,
                    () -> {
                      if (seen.isEmpty()) {
                        seen.add("refused");
                        throw ErrnoException.of(Errno.EACCES);
                      }
                      throw sys.die();
                    }));

    assertThat(mode()).isEqualTo(after);
  }

  @Test
  void modeIsPutBackWhetherTheActionSucceedsOrNot() throws Exception {
    Name object = make("file", "---------");
    List<String> modes = new ArrayList<>();
    InSpiteOfMode.Action<String> action =
        () -> {
          try {
            modes.add(mode());
          } catch (IOException e) {
            throw new AssertionError(e);
          }
          if (modes.size() != 2) {
            throw ErrnoException.of(Errno.EACCES);
          }
          return "done";
        };

    assertThat(InSpiteOfMode.run(Sys.linux(), Linux.AT_FDCWD, object, action)).isEqualTo("done");
    assertThat(mode()).isEqualTo("---------");
    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(() -> InSpiteOfMode.run(Sys.linux(), Linux.AT_FDCWD, object, action));
    assertThat(modes).containsExactly("---------", "rw-------", "---------", "rw-------");
    assertThat(mode()).isEqualTo("---------");
  }

  @Test
  void modeThatDoesNotKeepTheOwnerOutIsNotTheReason() throws Exception {
    Name object = make("file", "rw-r--r--");

    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(
            () ->
                InSpiteOfMode.run(
                    Sys.linux(),
                    Linux.AT_FDCWD,
                    object,
                    () -> {
                      throw ErrnoException.of(Errno.EACCES);
                    }))
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EACCES));
    assertThat(mode()).isEqualTo("rw-r--r--");
  }

  private String modeOrFailure() {
    try {
      return mode();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /* A first attempt meets the mode, a second one something else. */
  @ParameterizedTest
  @CsvSource({"dir, r-xr-x---", "dir, ---------", "file, r--r--r--"})
  void objectThatCannotBeMovedKeepsItsMode(String kind, String mode) throws Exception {
    Name object = make(kind, mode);
    List<String> modes = new ArrayList<>();

    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(
            () ->
                InSpiteOfMode.moving(
                    Sys.linux(),
                    Linux.AT_FDCWD,
                    object,
                    () -> {
                      modes.add(modeOrFailure().substring(0, 2));
                      throw ErrnoException.of(modes.size() == 1 ? Errno.EACCES : Errno.EIO);
                    }))
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EIO));

    assertThat(modes).containsExactly(mode.substring(0, 2), "rw");
    assertThat(mode()).isEqualTo(mode);
  }
}
