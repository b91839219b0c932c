package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Scratch;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hard links of a lower whose file system has no file handles, and so no index. */
class NoHandlesTest {
  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  @SuppressWarnings("NullAway.Init") // by open
  private UnionFileSystem fs;

  private static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  @BeforeEach
  void open() throws Exception {
    Path lower = Files.createDirectory(home.resolve("lower"));
    Files.writeString(lower.resolve("a"), "lower");
    Files.createLink(lower.resolve("b"), lower.resolve("a"));
    Files.createLink(lower.resolve("c"), lower.resolve("a"));
    Files.writeString(lower.resolve("f"), "lower");
    Path upper = Files.createDirectory(home.resolve("upper"));
    fs =
        UnionFileSystem.open(
            new WithoutHandles(),
            MountOptions.builder().lower(bytes(lower)).upper(bytes(upper)).build());
  }

  @AfterEach
  void close() {
    fs.close();
  }

  private Node node(String name) throws Exception {
    return new UnionSide(fs).node(name);
  }

  private void change(String name) throws Exception {
    new UnionSide(fs).write(name, 0, "CHANGED".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void namesOfACopiedUpFileStayOneNodeWhileItLives() throws Exception {
    Node known = node("b");
    change("a");
    Node a = node("a");

    assertThat(a).isSameAs(known);
    assertThat(((FileNode) a).index()).isNull();
    assertThat(node("c")).isSameAs(a);
  }

  @Test
  void discardOfAnotherFileLeavesKnownNamesOneNode() throws Exception {
    Node known = node("b");
    change("a");
    Node a = node("a");
    change("f");

    LiveUpper.discard(fs, "f");

    assertThat(node("a")).isSameAs(a);
    assertThat(fs.lookup(fs.root(), Name.of("b"))).isSameAs(known).isSameAs(a);
  }

  private String content(String name) throws Exception {
    byte[] data = new byte[16];
    Scratch scratch = Scratch.get();
    int length = fs.read((FileNode) node(name), scratch.address(), data.length, 0);
    NativeMemory.getBytes(scratch.address(), data, 0, length);
    return new String(data, 0, length, StandardCharsets.UTF_8);
  }

  @Test
  void contentOfACopyStaysWithAnotherNameWhenItsOwnIsRemoved() throws Exception {
    Node known = node("a"); // the first name that is known is that of the copy
    node("b");
    change("a");

    fs.unlink(fs.root(), Name.of("a"));

    assertThat(node("b")).isSameAs(known);
    assertThat(content("b")).startsWith("CHANGED");
    assertThat(home.resolve("upper/b")).hasContent("CHANGED");
    fs.unlink(fs.root(), Name.of("b"));
    assertThat(known.isRemoved()).isTrue();
  }

  @Test
  void contentOfACopyStaysWithAnotherNameWhenItsOwnIsReplaced() throws Exception {
    Node known = node("a"); // the first name that is known is that of the copy
    node("b");
    change("a");

    fs.rename(fs.root(), Name.of("f"), fs.root(), Name.of("a"), 0);

    assertThat(content("a")).isEqualTo("lower");
    assertThat(node("b")).isSameAs(known);
    assertThat(content("b")).startsWith("CHANGED");
  }

  @Test
  void otherNameOfACopyCanBeRenamed() throws Exception {
    node("a");
    node("b");
    change("a");

    fs.rename(fs.root(), Name.of("b"), fs.root(), Name.of("x"), 0);

    assertThat(content("x")).startsWith("CHANGED");
    assertThat(node("x")).isSameAs(node("a"));
    assertThat(fs.lookup(fs.root(), Name.of("b"))).isNull();
  }

  @Test
  void removalOfOneUnchangedNameLeavesTheOther() throws Exception {
    Node known = node("b");
    node("a");

    fs.unlink(fs.root(), Name.of("a"));

    assertThat(node("b")).isSameAs(known);
    assertThat(content("b")).isEqualTo("lower");
    assertThat(content("c")).isEqualTo("lower");
  }

  @Test
  void discardOfTheNameOfACopyGivesItsOtherNamesBackToTheLower() throws Exception {
    Node known = node("a"); // the first name that is known is that of the copy
    node("b");
    change("a");

    Outdated outdated = LiveUpper.discard(fs, "a");

    assertThat(known.isRemoved()).isTrue();
    assertThat(content("a")).isEqualTo("lower");
    assertThat(content("b")).isEqualTo("lower");
    assertThat(outdated.names().toString()).contains("b");
  }

  @Test
  void nameThatOthersGaveToAnotherFileIsNotOneOfTheCopy() throws Exception {
    node("a");
    node("b");
    change("a");
    Path b = home.resolve("lower/b");
    Files.delete(b);
    Files.writeString(b, "another");

    fs.unlink(fs.root(), Name.of("a"));

    assertThat(home.resolve("upper/b")).doesNotExist();
    assertThat(content("b")).isEqualTo("another");
  }

  @Test
  void renameOfANameThatIsGoneEnds() throws Exception {
    node("a");
    node("b");
    change("a");
    Files.delete(home.resolve("lower/b"));

    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(() -> fs.rename(fs.root(), Name.of("b"), fs.root(), Name.of("x"), 0))
        .matches(e -> e.errno() == Errno.ENOENT);
  }

  @Test
  void entryThatOthersMadeInTheUpperIsNotReplaced() throws Exception {
    node("a");
    node("b");
    change("a");
    Files.writeString(home.resolve("upper/b"), "others");

    fs.unlink(fs.root(), Name.of("a"));

    assertThat(home.resolve("upper/b")).hasContent("others");
    assertThat(content("b")).isEqualTo("others");
  }
}
