package io.unionfs.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.core.Caller;
import io.unionfs.core.MountOptions;
import io.unionfs.core.Node;
import io.unionfs.core.SetAttr;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.image.LayerCommit.Written;
import io.unionfs.layer.MarkRules;
import io.unionfs.offline.LayerSource;
import io.unionfs.offline.LayerSources;
import io.unionfs.offline.OpenLayers;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trees deeper than any stack. */
class DeepTreesTest {
  private static final int LEVELS = 20_000;

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  /* No path leads down there. */
  private static void makeDeep(Path top) throws Exception {
    Sys sys = Sys.linux();
    int flags = Linux.O_PATH | Linux.O_DIRECTORY;
    int at = sys.openPath(bytes(top), flags, 0);
    for (int i = 0; i < LEVELS; i++) {
      try (Fd parent = new Fd(sys, at)) {
        sys.mkdirat(parent.raw(), Name.of("d"), 0755);
        at = sys.openat(parent.raw(), Name.of("d"), flags, 0);
      }
    }
    sys.close(at);
  }

  @AfterEach
  void remove() throws Exception {
    assertThat(
            new ProcessBuilder("rm", "-rf", home + "/lower/d", home + "/upper/d").start().waitFor())
        .isZero();
  }

  private OpenLayers layers() throws IOException {
    return OpenLayers.open(
        Sys.linux(),
        new LayerSources(
            List.of(LayerSource.of(bytes(home.resolve("lower")))),
            LayerSource.of(bytes(home.resolve("upper"))),
            null,
            MarkRules.DEFAULT,
            true));
  }

  private Written commit() throws IOException {
    try (OpenLayers layers = layers()) {
      return LayerCommit.write(
          layers, new ByteArrayOutputStream(), Compression.NONE, (entries, bytes) -> {});
    }
  }

  @Test
  void namesThatOnlyALowerHasAreFoundBesideADeepTree() throws Exception {
    Path lower = Files.createDirectory(home.resolve("lower"));
    Path upper = Files.createDirectory(home.resolve("upper"));
    makeDeep(lower);
    Files.writeString(lower.resolve("h"), "linked");
    Files.createDirectory(lower.resolve("e"));
    Files.createLink(lower.resolve("e/i"), lower.resolve("h"));
    MountOptions options = MountOptions.builder().lower(bytes(lower)).upper(bytes(upper)).build();
    try (UnionFileSystem fs = UnionFileSystem.open(Sys.linux(), options)) {
      Node file = Objects.requireNonNull(fs.lookup(fs.root(), Name.of("h")));
      SetAttr mode = new SetAttr();
      mode.valid = SetAttr.MODE;
      mode.mode = 0600;
      fs.setattr(file, mode, new Caller(0, 0, 0, 1));
    }

    assertThat(commit().entries()).isEqualTo(4); // the root, h, e, and e/i
  }

  @Test
  void deepUpperIsRefused() throws Exception {
    Files.createDirectory(home.resolve("lower"));
    makeDeep(Files.createDirectory(home.resolve("upper")));

    assertThatThrownBy(this::commit)
        .isInstanceOf(LayerException.class)
        .hasMessageContaining("too deep");
  }
}
