package io.unionfs.offline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.unionfs.TargetDirectories;
import io.unionfs.layer.MarkRules;
import io.unionfs.layer.Marks;
import io.unionfs.sys.Errno;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UpperDiffTest {
  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  @SuppressWarnings("NullAway.Init") // by makeLayers
  private TestLayers layers;

  @BeforeEach
  void makeLayers() throws IOException {
    layers = new TestLayers(home);
  }

  private List<String> diff(boolean content) throws IOException {
    try (OpenLayers open = layers.open()) {
      return TestLayers.diff(open, content, ".");
    }
  }

  @Test
  void tellsInWhichWayAFileWasModified() throws Exception {
    layers.file("l1/content", "one").file("u/content", "two!");
    layers.file("l2/mode", "x").file("u/mode", "x");
    Files.setPosixFilePermissions(
        layers.path("u/mode"), PosixFilePermissions.fromString("rwx------"));
    layers.file("l1/xattr", "x").file("u/xattr", "x").xattr("u/xattr", "user.a", "b");
    layers.file("l1/type", "x").directory("u/type");
    Files.createSymbolicLink(layers.path("l1/link"), Path.of("a"));
    Files.createSymbolicLink(layers.path("u/link"), Path.of("b"));

    assertThat(diff(false))
        .containsExactly(
            "modified content [content]",
            "modified link [target]",
            "modified mode [mode]",
            "modified type [type]",
            "modified xattr [xattrs]");
  }

  @Test
  void sameDataUnderAnotherTimeAreNoChangeWhenTheyAreRead() throws Exception {
    layers.file("l1/f", "same").file("u/f", "same").file("l1/g", "same").file("u/g", "diff");
    Files.setLastModifiedTime(layers.path("u/f"), FileTime.fromMillis(5000));

    assertThat(diff(false)).containsExactly("modified f [content]");
    assertThat(diff(true)).containsExactly("modified g [content]");
  }

  @Test
  void copiedUpDirectoryIsNoChangeByItself() throws Exception {
    layers.file("l1/d/e/f", "x").file("u/d/e/g", "y");

    assertThat(diff(false)).containsExactly("added d/e/g");
  }

  @Test
  void deletedDirectoryIsOneChangeAndWhatHidesNothingIsNone() throws Exception {
    layers.file("l1/d/a", "x").file("l1/d/b", "x").whiteout("u/d").whiteout("u/nothing");

    assertThat(diff(false)).containsExactly("deleted d");
  }

  @Test
  void directoryInThePlaceOfOneTellsWhatIsGone() throws Exception {
    layers.file("l1/d/gone", "x").file("l2/d/sub/x", "x").file("l1/d/kept", "x");
    layers.opaque("u/d").file("u/d/kept", "x").file("u/d/new", "x");

    assertThat(diff(false)).containsExactly("deleted d/gone", "added d/new", "deleted d/sub");
  }

  @Test
  void renamedDirectoryIsComparedWithWhatItWas() throws Exception {
    layers.file("l1/old/a", "x").file("l1/old/b", "x");
    layers.whiteout("u/old").directory("u/new").mark("u/new", "redirect", "/old");
    layers.file("u/new/a", "changed").whiteout("u/new/b").file("u/new/c", "x");

    assertThat(diff(false))
        .containsExactly(
            "renamed old -> new", "modified new/a [content]", "deleted new/b", "added new/c");
  }

  @Test
  void redirectThatIsNotFollowedIsAProblemAndTheRestIsTold() throws Exception {
    layers.directory("l1/old").directory("u/new").xattr("u/new", "user.overlay.redirect", "/old");
    layers.file("u/other", "x");
    MarkRules rules = new MarkRules(Marks.Follow.NOTHING, null, false);

    try (OpenLayers open = OpenLayers.open(Sys.linux(), layers.sources(rules))) {
      assertThat(TestLayers.diff(open, false, "."))
          .containsExactly("problem new " + Errno.EIO, "added other");
    }
  }

  @Test
  void namesWithDotWhAreMarksOnlyWhereTheRulesSaySo() throws Exception {
    layers.file("l1/a", "x").file("u/.wh.a", "");
    MarkRules rules = new MarkRules(Marks.Follow.ALL, null, true);

    assertThat(diff(false)).containsExactly("added .wh.a");
    try (OpenLayers open = OpenLayers.open(Sys.linux(), layers.sources(rules))) {
      assertThat(TestLayers.diff(open, false, ".")).containsExactly("deleted a");
    }
  }

  @Test
  void partOfATreeIsAskedFor() throws Exception {
    layers.file("u/a/b/c", "x").file("u/a/d", "x").file("u/e", "x");

    try (OpenLayers open = layers.open()) {
      assertThat(TestLayers.diff(open, false, "a/b")).containsExactly("added a/b", "added a/b/c");
      assertThat(TestLayers.diff(open, false, "none/at/all")).isEmpty();
    }
  }

  @Test
  void nothingIsTouchedAndNoFifoOpened() throws Exception {
    layers.file("l1/f", "same").file("u/f", "diff").file("l1/p", "x").fifo("u/p").fifo("u/q");
    Files.createSymbolicLink(layers.path("u/out"), Path.of("/etc/passwd"));
    String upper = layers.exact("u");
    String lower = layers.exact("l1");

    assertThat(diff(true))
        .containsExactly("modified f [content]", "added out", "modified p [type]", "added q");
    assertThat(layers.exact("l1")).isEqualTo(lower);
    assertThat(layers.exact("u")).isEqualTo(upper);
  }

  @Test
  void holesAreNotRead() throws Exception {
    long size = 1L << 40;
    for (String name : List.of("l1/f", "u/f")) {
      try (java.io.RandomAccessFile file =
          new java.io.RandomAccessFile(layers.path(name).toFile(), "rw")) {
        file.seek(size);
        file.write(name.getBytes(StandardCharsets.UTF_8), 0, 1);
      }
    }

    assertThat(diff(true)).containsExactly("modified f [content]");
  }

  @Test
  void unionWithoutAnUpperHasNoChanges() throws Exception {
    LayerSources sources =
        new LayerSources(List.of(layers.source("l1")), null, null, MarkRules.DEFAULT, false);

    try (OpenLayers open = OpenLayers.open(Sys.linux(), sources)) {
      assertThatIllegalArgumentException().isThrownBy(() -> TestLayers.diff(open, false, "."));
    }
  }
}
