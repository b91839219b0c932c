package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.unionfs.TargetDirectories;
import io.unionfs.layer.WhiteoutFormat;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of nodes when changes are thrown away under them. */
class DiscardingTest {
  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  @SuppressWarnings("NullAway.Init") // by open
  private OpenUnion union;

  @SuppressWarnings("NullAway.Init") // by open
  private UnionSide side;

  @BeforeEach
  void open() throws Exception {
    lower("f", "lower");
    lower("d/x", "x");
    lower("d/deep/c", "c");
    lower("h1", "linked");
    Files.createLink(home.resolve("lower/h2"), home.resolve("lower/h1"));
    reopen(false);
  }

  private void reopen(boolean redirects) throws Exception {
    union =
        OpenUnion.in(
            home, options -> options.redirectDir(redirects ? RedirectDir.ON : RedirectDir.OFF));
    side = new UnionSide(union.fs());
  }

  private void lower(String path, String text) throws IOException {
    Path file = home.resolve("lower").resolve(path);
    Path parent = file.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Files.writeString(file, text);
  }

  @AfterEach
  void close() {
    union.close();
  }

  private void write(String path, String text) throws ErrnoException {
    side.write(path, 0, text.getBytes(StandardCharsets.UTF_8));
  }

  private List<String> names(Outdated outdated) {
    List<String> names = new ArrayList<>();
    outdated.names().forEach(each -> names.add(each.parent() + " " + each.name()));
    return names;
  }

  private List<Path> upper() throws IOException {
    try (Stream<Path> entries = Files.list(home.resolve("upper"))) {
      return entries.toList();
    }
  }

  @Test
  void openFileStaysAndTheNameIsTheLowers() throws Exception {
    write("f", "CHANGED");
    FileNode open = union.file("f");
    union.fs().retain(open);

    Outdated outdated = LiveUpper.discard(union.fs(), "f");

    FileNode lower = union.file("f");
    assertThat(lower).isNotSameAs(open);
    assertThat(lower.ino()).isEqualTo(open.ino());
    assertThat(lower.generation()).isEqualTo(open.generation());
    assertThat(union.read(lower)).isEqualTo("lower");
    assertThat(union.read(open)).isEqualTo("CHANGED");
    assertThat(union.stat(open).nlink).isZero();
    assertThat(union.write(open, "more", 7, false)).isEqualTo(4);
    assertThat(union.read(open)).isEqualTo("CHANGEDmore");
    assertThat(union.read(union.file("f"))).isEqualTo("lower");
    assertThat(names(outdated)).containsExactly("/ f");
    assertThat(outdated.directories()).containsExactly(union.root());
    assertThat(upper()).isEmpty();
    union.fs().release(open, 1);
    assertThat(union.file("f")).isSameAs(lower);
  }

  @Test
  void mergedDirectoryStaysTheNodeThatItIs() throws Exception {
    DirNode d = union.directory("d");
    DirNode deep = union.directory("d/deep");
    int mode = union.stat(d).mode;
    side.chmod("d", 0700);
    side.setxattr("d", "user.t", new byte[] {1}, 0);
    side.mkdir("d/new", 0755);
    write("d/deep/c", "C");
    side.unlink("d/x");
    assertThat(union.stat(d).nlink).isEqualTo(4);
    DirNode added = union.directory("d/new");

    Outdated outdated = LiveUpper.discard(union.fs(), "d");

    assertThat(union.directory("d")).isSameAs(d);
    assertThat(union.directory("d/deep")).isSameAs(deep);
    assertThat(union.stat(d).mode).isEqualTo(mode);
    assertThat(union.stat(d).nlink).isEqualTo(3);
    assertThat(union.fs().getxattr(d, Name.of("user.t"))).isNull();
    assertThat(side.names("d")).containsExactlyInAnyOrder("deep", "x");
    assertThat(names(outdated)).containsExactlyInAnyOrder("/d new", "/d x", "/d/deep c");
    assertThat(outdated.directories()).containsExactlyInAnyOrder(union.root(), d, deep, added);
    assertThat(upper()).isEmpty();

    write("d/deep/c", "again"); // it is copied up anew
    assertThat(union.read(union.file("d/deep/c"))).isEqualTo("again");
    assertThat(union.directory("d/deep")).isSameAs(deep);
    assertThat(home.resolve("upper/d/deep/c")).hasContent("again");
  }

  @Test
  void addedDirectoryIsRemovedForWhoeverIsInIt() throws Exception {
    side.mkdir("new", 0755);
    side.mkdir("new/below", 0755);
    side.create("new/below/f", 0644);
    DirNode dir = union.directory("new/below");
    FileNode file = union.file("new/below/f");
    union.fs().retain(dir);
    union.fs().retain(file);

    Outdated outdated = LiveUpper.discard(union.fs(), "new");

    assertThat(names(outdated)).containsExactly("/ new", "/new below", "/new/below f");
    assertThat(outdated.directories()).contains(union.root(), dir);
    assertThat(outdated.files()).containsExactly(file);
    assertThat(union.fs().lookup(union.root(), Name.of("new"))).isNull();
    assertThat(union.fs().lookup(dir, Name.of("f"))).isNull();
    assertThat(union.fs().list(dir).size()).isEqualTo(2);
    assertThat(union.stat(dir).nlink).isZero();
    assertThat(union.write(file, "text", 0, false)).isEqualTo(4);
    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(() -> union.fs().create(dir, Name.of("g"), 0644, OpenUnion.ROOT, null))
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    assertThat(upper()).isEmpty();
    union.fs().release(dir, 1);
    union.fs().release(file, 1);
  }

  @Test
  void directoryThatWasMadeAnewGivesWayToTheLowers() throws Exception {
    DirNode before = union.directory("d/deep");
    side.unlink("d/deep/c");
    side.rmdir("d/deep");
    side.mkdir("d/deep", 0700);
    assertThat(union.fs().lookup(union.directory("d/deep"), Name.of("c"))).isNull();

    LiveUpper.discard(union.fs(), "d/deep");

    assertThat(union.read(union.file("d/deep/c"))).isEqualTo("c");
    assertThat(union.directory("d/deep").ino()).isEqualTo(before.ino());
    assertThat(upper()).hasSize(1); // d itself was not discarded
  }

  @Test
  void absenceIsForgotten() throws Exception {
    side.unlink("f");
    assertThat(union.fs().lookup(union.root(), Name.of("f"))).isNull();

    Outdated outdated = LiveUpper.discard(union.fs(), ".");

    assertThat(union.read(union.file("f"))).isEqualTo("lower");
    assertThat(names(outdated)).containsExactly("/ f");
  }

  @Test
  void allNamesOfAChangedHardLinkGoBack() throws Exception {
    write("h1", "CHANGED");
    FileNode open = union.file("h2"); // a name that only the lower has
    union.fs().retain(open);
    assertThat(union.read(open)).isEqualTo("CHANGED");

    Outdated outdated = LiveUpper.discard(union.fs(), "h1");

    assertThat(names(outdated)).contains("/ h1", "/ h2");
    assertThat(union.read(union.file("h2"))).isEqualTo("linked");
    assertThat(union.file("h1")).isSameAs(union.file("h2")).isNotSameAs(open);
    assertThat(union.stat(union.file("h1")).nlink).isEqualTo(2);
    assertThat(union.read(open)).isEqualTo("CHANGED");
    assertThat(union.stat(open).nlink).isZero();
    union.fs().release(open, 1);
  }

  @Test
  void removedHardLinkGetsNoNewName() throws Exception {
    write("h1", "CHANGED");
    FileNode open = union.file("h1");
    union.fs().retain(open);
    LiveUpper.discard(union.fs(), "h1");
    write("h1", "ANEWER"); // with the same entry in the index

    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(() -> union.fs().link(open, union.root(), Name.of("n")))
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));

    assertThat(union.fs().lookup(union.root(), Name.of("n"))).isNull();
    assertThat(union.read(open)).isEqualTo("CHANGED");
    assertThat(union.read(union.file("h2"))).isEqualTo("ANEWER");
    union.fs().release(open, 1);
  }

  @Test
  void nameThatShowsAgainCounts() throws Exception {
    write("h1", "CHANGED");
    side.unlink("h2");
    assertThat(union.stat(union.file("h1")).nlink).isEqualTo(1);

    LiveUpper.discard(union.fs(), "h2");

    assertThat(union.file("h2")).isSameAs(union.file("h1"));
    assertThat(union.stat(union.file("h1")).nlink).isEqualTo(2);
    union.remount();
    assertThat(union.stat(union.file("h2")).nlink).isEqualTo(2);
  }

  @Test
  void secondNameOfAChangedFileKeepsIt() throws Exception {
    write("f", "CHANGED");
    side.link("f", "g");
    FileNode file = union.file("g");

    Outdated outdated = LiveUpper.discard(union.fs(), "f");

    assertThat(union.file("g")).isSameAs(file);
    assertThat(union.read(file)).isEqualTo("CHANGED");
    assertThat(union.stat(file).nlink).isEqualTo(1);
    assertThat(union.read(union.file("f"))).isEqualTo("lower");
    assertThat(outdated.files()).containsExactly(file);
  }

  /* The rename is none to a diff: something is in the way of the whiteout that would tell. */
  @Test
  void fileThatWasMovedAwayIsNotTheLowersAgain() throws Exception {
    side.mkdir("other", 0755);
    side.rename("f", "other", 2);
    write("other", "CHANGED");

    LiveUpper.discard(union.fs(), "f");

    assertThat(union.read(union.file("f"))).isEqualTo("lower");
    assertThat(union.read(union.file("other"))).isEqualTo("CHANGED");
  }

  @Test
  void directoryThatWasRenamedWithItsLowersTakesAnUnmount() throws Exception {
    union.close();
    reopen(true);
    side.rename("d", "moved", 0);

    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> LiveUpper.discard(union.fs(), "."))
        .withMessageContaining("d was renamed to moved with what the lowers have in it");
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> LiveUpper.discard(union.fs(), "moved"))
        .withMessageContaining("discard both or neither");

    assertThat(union.read(union.file("moved/deep/c"))).isEqualTo("c");
  }

  @Test
  void readOnlyUnionIsLeftAlone() throws Exception {
    write("f", "CHANGED");
    union.close();
    union = OpenUnion.in(home, options -> options.readOnly(true));
    side = new UnionSide(union.fs());

    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(() -> LiveUpper.discard(union.fs(), "f"))
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EROFS));

    assertThat(union.read(union.file("f"))).isEqualTo("CHANGED");
  }

  @Test
  void directoryBesideItsMarkIsNotMergedBeforeItGoes() throws Exception {
    union.close();
    lower("foo/x", "lower");
    Path upper = Files.createDirectories(home.resolve("upper/foo"));
    Files.writeString(upper.resolve("y"), "upper");
    Files.createFile(home.resolve("upper/.wh.foo"));
    union = OpenUnion.in(home, options -> options.whiteouts(WhiteoutFormat.AUFS));
    DirNode before = union.directory("foo");
    FileNode open = union.file("foo/y");
    union.fs().retain(before);
    union.fs().retain(open);
    assertThat(union.fs().lookup(before, Name.of("x"))).isNull();

    LiveUpper.discard(union.fs(), "foo");

    assertThat(union.directory("foo")).isNotSameAs(before);
    assertThat(union.read(union.file("foo/x"))).isEqualTo("lower");
    assertThat(union.fs().lookup(before, Name.of("y"))).isNull();
    assertThat(union.fs().list(before).size()).isEqualTo(2);
    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(() -> union.fs().create(before, Name.of("z"), 0644, OpenUnion.ROOT, null))
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    assertThat(union.read(open)).isEqualTo("upper");
    assertThat(upper()).isEmpty();
    union.fs().release(before, 1);
    union.fs().release(open, 1);
  }

  @Test
  void deepTreeTakesNoStack() throws Exception {
    DirNode at = union.root();
    for (int i = 0; i < 500; i++) {
      at = union.fs().mkdir(at, Name.of("n"), 0755, OpenUnion.ROOT, null);
    }
    union.fs().retain(at);

    LiveUpper.discard(union.fs(), "n");

    assertThat(union.fs().lookup(union.root(), Name.of("n"))).isNull();
    assertThat(union.fs().list(at).size()).isEqualTo(2);
    assertThat(upper()).isEmpty();
    union.fs().release(at, 1);
  }
}
