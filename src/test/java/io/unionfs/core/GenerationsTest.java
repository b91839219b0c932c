package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.Name;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What tells a file from others that had its inode number. */
final class GenerationsTest {
  private static final int TRIES = 1_000;

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private record Identity(long ino, int generation) {
    static Identity of(Node node) {
      return new Identity(node.ino(), node.generation());
    }
  }

  @BeforeEach
  void layers() throws Exception {
    Files.createDirectories(home.resolve("lower/dir"));
    Files.writeString(home.resolve("lower/file"), "lower");
    Files.writeString(home.resolve("lower/dir/below"), "lower");
    Files.createSymbolicLink(home.resolve("lower/link"), Path.of("file"));
    Files.writeString(home.resolve("lower/hard0"), "linked");
    Files.createLink(home.resolve("lower/hard1"), home.resolve("lower/hard0"));
    Files.createDirectories(home.resolve("upper/dir"));
    Files.writeString(home.resolve("upper/written"), "upper");
  }

  private static final List<String> PATHS =
      List.of("file", "dir", "dir/below", "link", "hard0", "hard1", "written");

  private static Map<String, Identity> identities(OpenUnion union) throws Exception {
    Map<String, Identity> identities = new HashMap<>();
    for (String path : PATHS) {
      identities.put(path, Identity.of(union.node(path)));
    }
    identities.put("", Identity.of(union.root()));
    return identities;
  }

  @Test
  void generationsAreNeverZero() throws Exception {
    try (OpenUnion union = OpenUnion.in(home)) {
      assertThat(identities(union).values()).noneMatch(identity -> identity.generation() == 0);
    }
  }

  @Test
  void generationsSurviveARemount() throws Exception {
    try (OpenUnion union = OpenUnion.in(home)) {
      Map<String, Identity> before = identities(union);
      union.remount();

      assertThat(identities(union)).isEqualTo(before);
    }
  }

  @Test
  void generationsSurviveTheLastReference() throws Exception {
    try (OpenUnion union = OpenUnion.in(home)) {
      Map<String, Identity> before = identities(union);
      for (String path : PATHS) {
        Node node = union.node(path);
        union.fs().retain(node);
        union.fs().release(node, 1);
      }

      assertThat(identities(union)).isEqualTo(before);
    }
  }

  @Test
  void generationsSurviveACopyUpAndARemountAfterIt() throws Exception {
    try (OpenUnion union = OpenUnion.in(home)) {
      Map<String, Identity> before = identities(union);
      for (String path : PATHS) {
        SetAttr change = new SetAttr();
        change.valid = SetAttr.MTIME;
        change.mtime = 1;
        union.fs().setattr(union.node(path), change, OpenUnion.ROOT);
      }
      assertThat(identities(union)).isEqualTo(before);
      union.remount();

      assertThat(identities(union)).isEqualTo(before);
    }
  }

  @Test
  void newFileWithTheInodeNumberOfARemovedOneHasAnotherGeneration() throws Exception {
    try (OpenUnion union = OpenUnion.in(home)) {
      Map<Long, Integer> seen = new HashMap<>();
      boolean again = false;
      for (int i = 0; i < TRIES && !again; i++) {
        Node made = union.create("new");
        Integer before = seen.put(made.ino(), made.generation());
        again = before != null;
        if (before != null) {
          assertThat(made.generation()).isNotEqualTo(before);
        }
        union.fs().unlink(union.root(), Name.of("new"));
      }
      assumeTrue(again, "this file system reuses no numbers");
    }
  }
}
