package io.unionfs.offline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.unionfs.TargetDirectories;
import io.unionfs.layer.MarkRules;
import io.unionfs.layer.Marks;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExplainerTest {
  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  @SuppressWarnings("NullAway.Init") // by makeLayers
  private TestLayers layers;

  @BeforeEach
  void makeLayers() throws IOException {
    layers = new TestLayers(home);
  }

  private List<String> which(MarkRules rules, String path, boolean recursive) throws IOException {
    List<String> told = new ArrayList<>();
    try (OpenLayers open = OpenLayers.open(Sys.linux(), layers.sources(rules))) {
      new Explainer(open)
          .explain(
              Paths.normalized(path.getBytes(StandardCharsets.UTF_8)),
              recursive,
              new Explainer.Sink() {
                @Override
                public void take(Explanation said) {
                  told.add(said.path() + ": " + said.state() + views(said));
                }

                @Override
                public void problem(Name at, int errno) {
                  told.add("problem " + at + " " + errno);
                }
              });
    }
    return told;
  }

  private static String views(Explanation said) {
    StringBuilder text = new StringBuilder();
    for (LayerView view : said.layers()) {
      text.append(", ").append(view.layer()).append(' ').append(view.role());
      text.append(view.type() == null ? " whiteout" : "").append(view.opaque() ? " opaque" : "");
      for (OnDiskMark mark : view.marks()) {
        text.append(' ').append(mark.form());
      }
    }
    return text.toString();
  }

  private List<String> which(String path) throws IOException {
    return which(new MarkRules(Marks.Follow.ALL, null, false), path, false);
  }

  @Test
  void tellsWhatProvidesAndWhatIsHidden() throws Exception {
    layers.file("u/f", "x").file("l1/f", "x").whiteout("l2/f");
    layers.file("l1/d/x", "x").directory("l2/d");

    assertThat(which("f"))
        .containsExactly(
            "f: present, upper provides, lower 1 hidden, lower 2 hidden whiteout device");
    assertThat(which("d")).containsExactly("d: present, lower 1 provides, lower 2 merged");
    assertThat(which("/d/./x")).containsExactly("d/x: present, lower 1 provides");
    assertThat(which("d/none")).containsExactly("d/none: absent");
  }

  @Test
  void deletedNamesAreExplainedAlsoBelowADeletedDirectory() throws Exception {
    layers.file("l2/d/f", "x").whiteout("l1/d");

    assertThat(which("d/f"))
        .containsExactly("d/f: deleted, lower 1 hides whiteout device, lower 2 hidden");
  }

  @Test
  void opaqueDirectoryHidesTheLayersBelow() throws Exception {
    layers.opaque("u/d").file("l1/d/f", "x");

    assertThat(which("d"))
        .containsExactly("d: present, upper provides opaque xattr, lower 1 hidden");
    assertThat(which("d/f")).containsExactly("d/f: deleted, lower 1 hides");
  }

  @Test
  void marksOfContainerImagesAreShownAsEntries() throws Exception {
    layers.file("l2/f", "x").file("u/.wh.f", "").file("l2/d/x", "x").file("l1/d/.wh..wh..opq", "");
    MarkRules rules = new MarkRules(Marks.Follow.ALL, null, true);

    assertThat(which(rules, "f", false))
        .containsExactly("f: deleted, upper hides whiteout entry, lower 2 hidden");
    assertThat(which(rules, "d", false))
        .containsExactly("d: present, lower 1 provides opaque entry, lower 2 hidden");
    assertThat(which(rules, ".wh.f", false)).containsExactly(".wh.f: absent");
  }

  @Test
  void treeIsWalkedInOrderAndNoLinkFollowed() throws Exception {
    layers.file("l1/d/b", "x").file("u/d/a", "x").file("l2/e", "x");
    Files.createSymbolicLink(layers.path("u/link"), Path.of("/"));

    assertThat(which(new MarkRules(Marks.Follow.ALL, null, false), ".", true))
        .containsExactly(
            ".: present, upper provides, lower 1 merged, lower 2 merged",
            "d: present, upper provides, lower 1 merged",
            "d/a: present, upper provides",
            "d/b: present, lower 1 provides",
            "e: present, lower 2 provides",
            "link: present, upper provides");
    assertThat(which("link/etc")).containsExactly("link/etc: deleted, upper hides");
  }

  @Test
  void missingLayerIsNamed() {
    LayerSources sources =
        new LayerSources(List.of(layers.source("nope")), null, null, MarkRules.DEFAULT, false);

    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> OpenLayers.open(Sys.linux(), sources))
        .withMessageContaining("nope: no such file or directory");
  }

  @Test
  void defaultWorkDirIsFoundAndHidden() throws Exception {
    layers.directory("u/.unionfs-work/index").file("u/f", "x");

    try (OpenLayers open = layers.open()) {
      assertThat(open.index()).isNotNull();
      assertThat(open.root().names()).containsExactly(Name.of("f"));
    }
  }
}
