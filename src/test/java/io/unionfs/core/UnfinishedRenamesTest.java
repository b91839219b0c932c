package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.TargetDirectories;
import io.unionfs.layer.WhiteoutFormat;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Renames of two steps that a crash interrupted, as the next mount finds them. */
final class UnfinishedRenamesTest {
  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private Path upper(String name) {
    return home.resolve("upper").resolve(name);
  }

  private Path incompat() {
    return home.resolve(".upper.unionfs-work/work/incompat");
  }

  private void record(String name, String text) throws IOException {
    Files.createDirectories(incompat());
    Files.writeString(incompat().resolve(name), text);
  }

  private void lower(String name) throws IOException {
    Files.createDirectories(home.resolve("lower").resolve(name).getParent());
    Files.writeString(home.resolve("lower").resolve(name), "lower " + name);
  }

  private void bothNames(String from, String to) throws IOException {
    Files.createDirectories(upper(from).getParent());
    Files.createDirectories(upper(to).getParent());
    Files.writeString(upper(from), "moved");
    Files.createLink(upper(to), upper(from));
  }

  private List<String> names(OpenUnion union) throws Exception {
    return new UnionSide(union.fs()).names("");
  }

  @ParameterizedTest
  @EnumSource(
      value = WhiteoutFormat.class,
      names = {"DEVICE", "XATTR"})
  void fileWithBothNamesLosesTheOldOne(WhiteoutFormat format) throws Exception {
    lower("d/old");
    bothNames("d/old", "d/new");
    record("rename#1", "d/old\0d/new\0");

    for (int mount = 0; mount < 2; mount++) {
      try (OpenUnion union = OpenUnion.in(home, options -> options.whiteouts(format))) {
        assertThat(new UnionSide(union.fs()).names("d")).containsExactly("new");
        assertThat(incompat()).doesNotExist();
      }
    }
    assertThat(upper("d/new")).hasContent("moved");
    assertThat(home.resolve("lower/d/old")).hasContent("lower d/old");
  }

  @Test
  void fileThatDidNotGetItsNewNameStays() throws Exception {
    Files.createDirectories(home.resolve("upper"));
    Files.writeString(upper("old"), "a");
    Files.writeString(upper("new"), "b");
    record("rename#1", "old\0new\0");
    record("rename#2", "old\0none\0");

    try (OpenUnion union = OpenUnion.in(home)) {
      assertThat(names(union)).containsExactlyInAnyOrder("new", "old");
    }
    assertThat(upper("old")).hasContent("a");
    assertThat(upper("new")).hasContent("b");
  }

  @Test
  void directoryWhoseTargetIsGoneTakesItsPlace() throws Exception {
    lower("old/x");
    Files.createDirectories(upper("old"));
    Files.writeString(upper("old/inside"), "i");
    CoreOracleTest.setOpaque(upper("old"));
    CoreOracleTest.makeWhiteout(upper("new"));
    record("rename#1", "old\0new\0");

    try (OpenUnion union = OpenUnion.in(home)) {
      assertThat(names(union)).containsExactly("new");
      assertThat(new UnionSide(union.fs()).names("new")).containsExactly("inside");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "a\0",
        "a\0b",
        "\0b\0",
        "a\0b\0c",
        "a\0b\0c\0",
        "/a\0/b\0",
        "a/\0b\0",
        "../canary\0a\0",
        "a\0../canary\0",
        "link/canary\0link/other\0",
        "a/x\0b\0",
        "none/a\0b\0"
      })
  void recordThatSaysNothingTrueChangesNothing(String text) throws Exception {
    Files.writeString(home.resolve("canary"), "outside");
    Files.createLink(home.resolve("other"), home.resolve("canary"));
    bothNames("a", "b");
    Files.createSymbolicLink(upper("link"), Path.of(".."));
    record("rename#1", text);

    try (OpenUnion union = OpenUnion.in(home)) {
      assertThat(names(union)).containsExactlyInAnyOrder("a", "b", "link");
      assertThat(incompat()).doesNotExist();
    }
    assertThat(home.resolve("canary")).hasContent("outside");
    assertThat(home.resolve("other")).hasContent("outside");
  }

  @Test
  void recordBesideAnotherMarkDoesNotHideIt() throws Exception {
    record("rename#1", "a\0b\0");
    Files.createDirectories(incompat().resolve("later"));

    assertThatThrownBy(() -> OpenUnion.in(home))
        .isInstanceOf(MountRefusedException.class)
        .hasMessageContaining("work/incompat/later");
  }

  /** A host that leaves no whiteouts, and fails to put one in a name's place. */
  private static final class FailingSys extends Sys {
    private volatile boolean fails = true;

    @Override
    public void renameat2(int fromFd, Name from, int toFd, Name to, int flags)
        throws ErrnoException {
      if (flags == Linux.RENAME_WHITEOUT) {
        throw ErrnoException.of(Errno.EINVAL);
      }
      if (fails && to.equals(Name.of("old"))) {
        throw ErrnoException.of(Errno.EIO);
      }
      super.renameat2(fromFd, from, toFd, to, flags);
    }
  }

  @Test
  void lastStepThatFailsIsTakenByTheNextMount() throws Exception {
    lower("old");
    Files.createDirectories(home.resolve("upper"));
    Files.writeString(upper("old"), "moved");
    FailingSys sys = new FailingSys();
    MountOptions options =
        MountOptions.builder()
            .lower(CoreOracleTest.bytes(home.resolve("lower")))
            .upper(CoreOracleTest.bytes(home.resolve("upper")))
            .build();
    UnionFileSystem fs = UnionFileSystem.open(sys, options);
    UnionSide side = new UnionSide(fs);

    assertThatThrownBy(() -> side.rename("old", "new", 0))
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EIO));
    try (Stream<Path> records = Files.list(incompat())) {
      assertThat(records).hasSize(1);
    }
    assertThat(upper("old")).hasContent("moved");
    fs.close();

    try (OpenUnion union = OpenUnion.in(home)) {
      assertThat(names(union)).containsExactly("new");
    }
    assertThat(upper("new")).hasContent("moved");
  }

  @Test
  void renameLeavesNoRecord() throws Exception {
    lower("old");
    FailingSys sys = new FailingSys();
    sys.fails = false;
    Files.createDirectories(home.resolve("upper"));
    MountOptions options =
        MountOptions.builder()
            .lower(CoreOracleTest.bytes(home.resolve("lower")))
            .upper(CoreOracleTest.bytes(home.resolve("upper")))
            .build();
    try (UnionFileSystem fs = UnionFileSystem.open(sys, options)) {
      new UnionSide(fs).rename("old", "new", 0);
      assertThat(incompat()).isEmptyDirectory();
    }
    assertThat(home.resolve(".upper.unionfs-work")).doesNotExist();
  }
}
