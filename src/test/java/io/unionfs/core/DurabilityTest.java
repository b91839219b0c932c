package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.core.RecordingSys.Host;
import io.unionfs.sys.ErrnoException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is made durable before a name switches to it, so that a power cut leaves no torn file. */
final class DurabilityTest {
  private static final byte[] DATA = "written".getBytes(StandardCharsets.UTF_8);
  private static final String[] SYNCS = {"fsync", "fdatasync", "syncfs", "sync_file_range"};

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private interface Step {
    void on(UnionFileSystem fs, UnionSide side) throws ErrnoException;
  }

  @BeforeEach
  void layers() throws IOException, ErrnoException {
    Path lower = Files.createDirectories(home.resolve("lower"));
    Files.createDirectories(home.resolve("upper"));
    Files.writeString(lower.resolve("file"), "lower content");
    Files.createFile(lower.resolve("empty"));
    Files.createSymbolicLink(lower.resolve("symlink"), Path.of("file"));
    Files.createDirectories(lower.resolve("dir/below"));
    Files.writeString(lower.resolve("hard0"), "linked");
    Files.createLink(lower.resolve("hard1"), lower.resolve("hard0"));
    try (var hole = new java.io.RandomAccessFile(lower.resolve("hole").toFile(), "rw")) {
      hole.setLength(1 << 20);
    }
  }

  private UnionFileSystem open(RecordingSys sys, boolean isVolatile) throws IOException {
    MountOptions options =
        MountOptions.builder()
            .lower(CoreOracleTest.bytes(home.resolve("lower")))
            .upper(CoreOracleTest.bytes(home.resolve("upper")))
            .isVolatile(isVolatile)
            .build();
    return UnionFileSystem.open(sys, options);
  }

  private List<String> events(Host host, Step step) throws IOException, ErrnoException {
    RecordingSys sys = new RecordingSys(host);
    try (UnionFileSystem fs = open(sys, false)) {
      sys.takeEvents();
      step.on(fs, new UnionSide(fs));
      return sys.takeEvents();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Host.class,
      names = {"COPIES", "NEITHER"})
  void copiedDataIsSyncedBeforeItsNameSwitches(Host host) throws Exception {
    assertThat(events(host, (fs, side) -> side.chmod("file", 0600)))
        .containsSubsequence("write", "fsync", "rename")
        .doesNotContain("rename unsynced");
  }

  @Test
  void everyChangeOfALowerFileSyncsItsCopyFirst() throws Exception {
    List<Step> steps =
        List.of(
            (fs, side) -> side.write("file", 0, DATA),
            (fs, side) -> side.setxattr("file", "user.t0", DATA, 0),
            (fs, side) -> side.truncate("file", 5),
            (fs, side) -> side.utimens("file", 1, 2),
            (fs, side) -> side.link("file", "new"),
            (fs, side) -> side.rename("file", "new", 0),
            (fs, side) -> side.chmod("hard0", 0600),
            (fs, side) -> side.unlink("hard1"));
    for (int i = 0; i < steps.size(); i++) {
      Path upper = home.resolve("upper");
      assertThat(events(Host.COPIES, steps.get(i)))
          .as("step " + i)
          .containsSubsequence("write", "fsync", "rename")
          .doesNotContain("rename unsynced", "link unsynced");
      CoreOracleTest.remove(upper);
      Files.createDirectories(upper);
      if (Files.exists(home.resolve(".upper.unionfs-work"))) {
        CoreOracleTest.remove(home.resolve(".upper.unionfs-work"));
      }
    }
  }

  @Test
  void indexGetsNoUnsyncedCopy() throws Exception {
    assertThat(events(Host.COPIES, (fs, side) -> side.write("hard0", 0, DATA)))
        .containsSubsequence("write", "fsync", "link", "rename")
        .doesNotContain("link unsynced");
  }

  @Test
  void reflinkNeedsNoSync() throws Exception {
    assertThat(events(Host.REFLINKS, (fs, side) -> side.chmod("file", 0600)))
        .contains("reflink", "rename")
        .doesNotContain(SYNCS);
  }

  @Test
  void copyWithoutDataNeedsNoSync() throws Exception {
    assertThat(
            events(
                Host.COPIES,
                (fs, side) -> {
                  side.chmod("empty", 0600);
                  side.chmod("hole", 0600);
                  side.truncate("file", 0);
                  side.utimens("symlink", 1, 2);
                  side.chmod("dir/below", 0700);
                }))
        .contains("rename")
        .doesNotContain("write")
        .doesNotContain(SYNCS);
  }

  @Test
  void newAndChangedUpperFilesAreSyncedOnlyWhenAsked() throws Exception {
    assertThat(
            events(
                Host.COPIES,
                (fs, side) -> {
                  side.create("new", 0600);
                  side.write("new", 0, DATA);
                  side.rename("new", "other", 0);
                  side.mkdir("made", 0700);
                }))
        .doesNotContain(SYNCS);
    assertThat(events(Host.COPIES, (fs, side) -> fs.fsync(side.node("other"), false)))
        .containsExactly("fsync");
    assertThat(events(Host.COPIES, (fs, side) -> fs.fsync(side.node("other"), true)))
        .containsExactly("fdatasync");
    assertThat(events(Host.COPIES, (fs, side) -> fs.fsync(side.node("made"), false)))
        .containsExactly("fsync");
    assertThat(events(Host.COPIES, (fs, side) -> fs.fsync(side.node("file"), false))).isEmpty();
    assertThat(events(Host.COPIES, (fs, side) -> fs.syncfs())).containsExactly("syncfs");
  }

  @Test
  void volatileUnionSyncsNothingUntilItEnds() throws Exception {
    RecordingSys sys = new RecordingSys(Host.COPIES);
    try (UnionFileSystem fs = open(sys, true)) {
      UnionSide side = new UnionSide(fs);
      side.chmod("file", 0600);
      side.write("hard0", 0, DATA);
      side.create("new", 0600);
      fs.fsync(side.node("file"), false);
      fs.fsync(side.node("new"), true);
      fs.fsync(fs.root(), false);
      fs.syncfs();

      assertThat(sys.takeEvents()).contains("write").doesNotContain(SYNCS);
    }
    assertThat(sys.takeEvents()).containsOnlyOnce("syncfs").doesNotContain("fsync");
  }
}
