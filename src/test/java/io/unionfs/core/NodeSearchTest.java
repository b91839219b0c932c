package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The way from an inode number to the file. */
final class NodeSearchTest {
  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private OpenUnion union;

  @SuppressWarnings("NullAway.Init") // set by open()
  NodeSearchTest() {}

  @BeforeEach
  void open() throws Exception {
    Files.createDirectories(home.resolve("lower/dir/sub"));
    Files.createDirectories(home.resolve("upper/dir"));
    Files.writeString(home.resolve("lower/top"), "lower");
    Files.writeString(home.resolve("lower/dir/sub/deep"), "lower");
    Files.writeString(home.resolve("upper/dir/new"), "upper");
    Files.createSymbolicLink(home.resolve("lower/dir/link"), Path.of("../top"));
    Files.createLink(home.resolve("lower/dir/hard"), home.resolve("lower/top"));
    union = OpenUnion.in(home);
  }

  @AfterEach
  void close() {
    union.close();
  }

  @Test
  void everyNodeIsFoundByItsNumber() throws Exception {
    for (String path : List.of("top", "dir", "dir/sub", "dir/sub/deep", "dir/new", "dir/link")) {
      Node node = union.node(path);
      assertThat(union.fs().findByIno(node.ino())).as(path).isSameAs(node);
    }
    assertThat(union.fs().findByIno(union.root().ino())).isSameAs(union.root());
    assertThat(union.fs().findByIno(union.node("dir/hard").ino())).isSameAs(union.node("top"));
  }

  @Test
  void nodesAreFoundInAUnionThatKnowsNoneOfThem() throws Exception {
    long deep = union.node("dir/sub/deep").ino();
    union.remount();
    Node found = union.fs().findByIno(deep);

    assertThat(found).isNotNull().isSameAs(union.node("dir/sub/deep"));
  }

  @Test
  void copiedUpFileIsFoundByTheNumberItHad() throws Exception {
    FileNode deep = union.file("dir/sub/deep");
    union.write(deep, "x", 0, false);
    assertThat(union.fs().findByIno(deep.ino())).isSameAs(deep);
    long ino = deep.ino();
    union.remount();

    assertThat(union.fs().findByIno(ino)).isNotNull().isSameAs(union.node("dir/sub/deep"));
  }

  @Test
  void removedFileAndUnknownNumberAreNull() throws Exception {
    long ino = union.node("dir/sub/deep").ino();
    union.fs().unlink(union.directory("dir/sub"), Name.of("deep"));

    assertThat(union.fs().findByIno(ino)).isNull();
    assertThat(union.fs().findByIno(0)).isNull();
    assertThat(union.fs().findByIno(-1)).isNull();
  }

  @Test
  void searchEndsWhenItIsInterrupted() {
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> union.fs().findByIno(-1))
          .isInstanceOfSatisfying(
              ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINTR));
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
