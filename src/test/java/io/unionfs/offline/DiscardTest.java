package io.unionfs.offline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiscardTest {
  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  @SuppressWarnings("NullAway.Init") // by makeLayers
  private TestLayers layers;

  @BeforeEach
  void makeLayers() throws IOException {
    layers = new TestLayers(home);
  }

  private void discard(String... paths) throws IOException {
    List<List<Name>> names =
        Stream.of(paths).map(path -> Paths.split(path.getBytes(StandardCharsets.UTF_8))).toList();
    try (Discard discard = Discard.open(Sys.linux(), layers.sources(), names)) {
      discard.run();
    }
  }

  private List<String> diff() throws IOException {
    try (OpenLayers open = layers.open()) {
      return TestLayers.diff(open, false, ".");
    }
  }

  private void isRefused(String why, String... paths) throws IOException {
    String before = layers.exact("u");
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> discard(paths))
        .withMessageContaining(why);
    assertThat(layers.exact("u")).isEqualTo(before);
  }

  @Test
  void filesDirectoriesAndWhiteoutsGoAndTheRestStays() throws Exception {
    layers.file("l1/f", "lower").file("l1/d/x", "x").file("l1/gone/y", "y").file("l2/o/z", "z");
    layers.file("u/f", "upper").file("u/d/e/new", "x").whiteout("u/gone").opaque("u/o");
    layers.file("u/stays", "x");
    String lower = layers.exact("l1");

    discard("f", "d", "gone", "o");

    assertThat(diff()).containsExactly("added stays");
    assertThat(layers.exact("l1")).isEqualTo(lower);
    assertThat(home.resolve(".u.unionfs-work")).doesNotExist();
  }

  private static List<Name> names(String path) {
    return Paths.normalized(path.getBytes(StandardCharsets.UTF_8));
  }

  /* What is mounted there, or used otherwise by the path, would be lost. */
  @Test
  void takesWhatTheUpperHasAPartInButForDirectoriesOfTheLowers() throws Exception {
    layers.file("l1/f", "lower").file("l1/d/x", "x").file("l1/d/y", "y").file("l2/o/z", "z");
    layers.file("l1/h1", "linked").file("l1/same", "x");
    layers.file("u/f", "upper").file("u/d/x", "x").file("u/new/sub/g", "x");
    layers.opaque("u/o").file("u/same", "x");
    try (Discard all = Discard.open(Sys.linux(), layers.sources(), List.of(List.of()))) {
      for (String path : List.of("f", "same", "d/x", "new", "new/sub", "new/sub/g", "o", "o/z")) {
        assertThat(all.takes(names(path))).as(path).isTrue();
      }
      for (String path : List.of("", "d", "d/y", "h1", "nothing", "nothing/there", "f2")) {
        assertThat(all.takes(names(path))).as(path).isFalse();
      }
    }
    List<List<Name>> some = List.of(names("d"), names("new/sub"));
    try (Discard part = Discard.open(Sys.linux(), layers.sources(), some)) {
      for (String path : List.of("d/x", "new/sub", "new/sub/g")) {
        assertThat(part.takes(names(path))).as(path).isTrue();
      }
      for (String path : List.of("", "f", "same", "d", "d/y", "new", "o", "new/su")) {
        assertThat(part.takes(names(path))).as(path).isFalse();
      }
    }
  }

  @Test
  void severalPathsAreListedOneAfterTheOther() throws Exception {
    layers.file("l1/d/x", "x").file("u/d/x", "more").file("u/f", "f").file("u/new/g", "g");
    List<String> told = new ArrayList<>();
    List<List<Name>> paths = List.of(names("new"), names("d"), names("nothing"));
    try (Discard discard = Discard.open(Sys.linux(), layers.sources(), paths)) {
      discard.list(
          new DiffSink() {
            @Override
            public void change(Change change) {
              told.add(change.kind() + " " + change.path());
            }

            @Override
            public void problem(Name path, int errno) {
              told.add("problem " + path + " " + errno);
            }
          });
    }
    assertThat(told).containsExactly("added new", "added new/g", "modified d/x");
  }

  @Test
  void everythingGoesButTheWorkDir() throws Exception {
    layers.file("l1/f", "lower").file("u/f", "upper").file("u/d/e", "x");
    layers.directory("u/.unionfs-work/work").directory("u/.unionfs-work/index");

    discard(".");

    try (Stream<Path> left = Files.list(layers.path("u"))) {
      assertThat(left).containsExactly(layers.path("u/.unionfs-work"));
    }
  }

  @Test
  void pathWithoutChangesIsLeftAlone() throws Exception {
    layers.file("l1/f", "lower").file("u/g", "upper");

    discard("f", "none/at/all");

    assertThat(diff()).containsExactly("added g");
  }

  @Test
  void upperThatIsInUseIsRefused() throws Exception {
    layers.file("u/f", "upper");
    Sys sys = Sys.linux();
    int fd = sys.openPath(layers.name("u").bytes(), Linux.O_RDONLY | Linux.O_DIRECTORY, 0);
    try (Fd holder = new Fd(sys, fd)) {
      assertThat(sys.tryFlock(holder.raw(), Linux.LOCK_EX | Linux.LOCK_NB)).isZero();

      isRefused("in use by a mounted union", "f");
    }
  }

  @Test
  void halfOfARenameIsRefused() throws Exception {
    layers.file("l1/old/a", "x").whiteout("u/old");
    layers.directory("u/new").mark("u/new", "redirect", "/old");

    isRefused("old was renamed to new", "new");
    isRefused("old was renamed to new", "old");
    discard("old", "new");

    assertThat(diff()).isEmpty();
  }

  @Test
  void whatOnlyADirectoryAboveCanGiveBackIsRefused() throws Exception {
    layers.file("l1/o/a", "x").file("l1/gone/a", "x");
    layers.opaque("u/o").file("u/o/a", "other").file("u/o/new", "x").whiteout("u/gone");

    isRefused("discard that one", "o/a");
    isRefused("discard that one", "gone/a");
    discard("o/new");

    assertThat(diff()).containsExactly("deleted gone", "modified o/a [content]");
  }

  @Test
  void upperThatACrashLeftIsRefused() throws Exception {
    layers.file("u/f", "x").directory(".u.unionfs-work/work/incompat/volatile");

    isRefused("did not end cleanly", "f");
  }

  @Test
  void linkInAPathIsNotFollowed() throws Exception {
    layers.file("elsewhere/f", "precious");
    Files.createSymbolicLink(layers.path("u/out"), layers.path("elsewhere"));

    discard("out/f");
    discard("out");

    assertThat(layers.path("elsewhere/f")).exists();
    assertThat(diff()).isEmpty();
  }

  @Test
  void lowerThatIsInsideTheUpperIsRefused() throws Exception {
    layers.file("u/low/precious", "x").file("u/f", "x");
    LayerSources sources = layers.sources();
    LayerSources nested =
        new LayerSources(
            List.of(layers.source("u/low")), sources.upper(), null, sources.rules(), false);
    String before = layers.exact("u");

    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> Discard.open(Sys.linux(), nested, List.of(List.of())))
        .withMessageContaining("a lower must never change");
    assertThat(layers.exact("u")).isEqualTo(before);
  }

  @Test
  void workDirThatContainsTheUpperIsRefused() throws Exception {
    layers.file("u/f", "x");
    LayerSources sources = layers.sources();
    LayerSources above =
        new LayerSources(
            sources.lowers(), sources.upper(), layers.source("."), sources.rules(), false);

    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> Discard.open(Sys.linux(), above, List.of(List.of())))
        .withMessageContaining("is inside the work directory");
  }

  @Test
  void onlyEntriesThatProgramsMakeGoFromTheIndex() throws Exception {
    String origin = "00fb1b0001" + "00".repeat(16) + "0102030405060708".substring(0, 12);
    layers.file("u/f", "x").directory("u/.unionfs-work/work");
    layers.file("u/.unionfs-work/index/" + origin, "copy");
    layers.file("u/.unionfs-work/index/#ino-1-0102", "");
    layers.file("u/.unionfs-work/index/mine/precious", "x");
    layers.file("u/.unionfs-work/index/0102", "x");

    discard(".");

    try (Stream<Path> left = Files.list(layers.path("u/.unionfs-work/index"))) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("mine", "0102");
    }
    assertThat(layers.path("u/.unionfs-work/index/mine/precious")).hasContent("x");
  }
}
