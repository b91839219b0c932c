package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is remembered of nodes without xattrs is never wrong. */
final class PlainXattrTest {
  private static final int ROUNDS = 3_000;
  private static final Name NAME = Name.of("user.a");
  private static final Name ABSENT = Name.of("user.absent");
  private static final byte[] VALUE = {1, 2, 3};

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private OpenUnion union;

  @SuppressWarnings("NullAway.Init") // set by open()
  PlainXattrTest() {}

  @BeforeEach
  void open() throws Exception {
    Files.createDirectories(home.resolve("lower/dir"));
    Files.writeString(home.resolve("lower/file"), "lower");
    union = OpenUnion.in(home);
  }

  @AfterEach
  void close() {
    union.close();
  }

  private byte @Nullable [] get(Node node, Name name) throws ErrnoException {
    return union.fs().getxattr(node, name);
  }

  private void set(Node node) throws ErrnoException {
    union.fs().setxattr(node, NAME, VALUE, 0, OpenUnion.ROOT);
  }

  private byte[] list(Node node) throws ErrnoException {
    return union.fs().listxattr(node, OpenUnion.ROOT);
  }

  @Test
  void nodeIsPlainUntilAnXattrIsSet() throws Exception {
    for (String path : new String[] {"file", "dir"}) {
      Node node = union.node(path);
      assertThat(get(node, NAME)).isNull();
      assertThat(node.isPlain()).isTrue();
      assertThat(list(node)).isEmpty();

      set(node);

      assertThat(node.isPlain()).isFalse();
      assertThat(get(node, NAME)).isEqualTo(VALUE);
      assertThat(list(node)).isEqualTo("user.a\0".getBytes(StandardCharsets.UTF_8));
    }
  }

  @Test
  void nodeIsPlainAgainAfterTheLastIsRemoved() throws Exception {
    Node node = union.node("file");
    set(node);
    union.fs().removexattr(node, NAME, OpenUnion.ROOT);

    assertThat(list(node)).isEmpty();
    assertThat(node.isPlain()).isTrue();
    assertThat(get(node, NAME)).isNull();
  }

  @Test
  void nodeWithOneXattrIsNotPlainForOthers() throws Exception {
    Node node = union.node("file");
    set(node);

    assertThat(get(node, ABSENT)).isNull();
    assertThat(node.isPlain()).isFalse();
    assertThat(get(node, NAME)).isEqualTo(VALUE);
  }

  @Test
  void copyUpDoesNotMakeANodeShowItsMarks() throws Exception {
    FileNode file = union.file("file");
    assertThat(list(file)).isEmpty();
    union.write(file, "x", 0, false);

    assertThat(list(file)).isEmpty();
    assertThat(get(file, NAME)).isNull();
  }

  /* Another thread asks all the time, and would remember that there is none at the wrong moment. */
  @Test
  void setIsSeenByWhoSetItWhateverOthersAsk() throws Exception {
    Node node = union.node("file");
    set(node);
    union.fs().removexattr(node, NAME, OpenUnion.ROOT);
    AtomicBoolean done = new AtomicBoolean();
    AtomicReference<@Nullable ErrnoException> failed = new AtomicReference<>();
    Thread other =
        new Thread(
            () -> {
              try {
                while (!done.get()) {
                  get(node, ABSENT);
                  list(node);
                }
              } catch (ErrnoException e) {
                failed.set(e);
              }
            });
    other.start();
    try {
      for (int i = 0; i < ROUNDS; i++) {
        set(node);
        assertThat(get(node, NAME)).as("round %d", i).isEqualTo(VALUE);
        union.fs().removexattr(node, NAME, OpenUnion.ROOT);
        assertThat(get(node, NAME)).as("round %d", i).isNull();
      }
    } finally {
      done.set(true);
      other.join();
    }
    assertThat(failed.get()).isNull();
  }
}
