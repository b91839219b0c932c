package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.core.CoreOracleTest.Call;
import io.unionfs.layer.WhiteoutFormat;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/*
 * A union that has everything in its memory shows, after changes were thrown away, what one shows that reads
 * the same layers anew; and in the end what the lowers have.
 */
/** Random calls, and random discards in between. */
class DiscardingOracleTest {
  private static final int ROUNDS = Integer.getInteger("unionfs.oracle.rounds", 150) / 5;
  private static final long SEED = Long.getLong("unionfs.oracle.seed", 20_261_129L);
  private static final int CALLS = 40;
  private static final int DISCARDS = 6;
  private static final List<String> NAMES =
      List.of("a", "b", "c", "d", "hard0", "hard1", "a/a", "a/b", "b/a", "b/c", "c/d", "a/b/c");

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  @Test
  void memoryAgreesWithTheLayersAfterwards() throws Exception {
    int[] done = new int[1];
    for (WhiteoutFormat format :
        new WhiteoutFormat[] {WhiteoutFormat.DEVICE, WhiteoutFormat.AUFS}) {
      for (int round = 0; round < ROUNDS; round++) {
        long seed = SEED + round;
        Path directory = Files.createTempDirectory(home, "round");
        try {
          done[0] += run(directory, seed, format);
        } catch (AssertionError e) {
          throw new AssertionError("seed " + seed + ", " + format + ": " + e.getMessage(), e);
        } finally {
          CoreOracleTest.remove(directory);
        }
      }
    }
    assertThat(done[0]).isGreaterThan(ROUNDS);
  }

  /* How many paths were thrown away. */
  private static int run(Path directory, long seed, WhiteoutFormat format) throws Exception {
    Random random = new Random(seed);
    OracleLayers layers = OracleLayers.random(directory, random);
    MountOptions.Builder lowersOnly = MountOptions.builder();
    MountOptions.Builder options = MountOptions.builder().whiteouts(format);
    for (Path lower : layers.lowers()) {
      lowersOnly.lower(CoreOracleTest.bytes(lower));
      options.lower(CoreOracleTest.bytes(lower));
    }
    options.upper(CoreOracleTest.bytes(layers.upper()));
    int done = 0;
    UnionFileSystem fs = UnionFileSystem.open(Sys.linux(), options.build());
    try {
      for (int i = 0; i < DISCARDS; i++) {
        for (int j = 0; j < CALLS; j++) {
          Call call = CoreOracleTest.randomCall(random);
          call.run(new UnionSide(fs));
        }
        UnionFileSystem union = fs;
        List<Node> retained = retainAll(fs);
        String path = i == DISCARDS - 1 ? "." : NAMES.get(random.nextInt(NAMES.size()));
        done += discard(fs, path);
        TreeState live = TreeState.of(fs);
        retained.forEach(node -> union.release(node, 1));
        String late = TreeState.of(fs).difference(live, live, live);
        assertThat(late).as("after the last reference, " + path).isNull();
        fs.close();
        fs = UnionFileSystem.open(Sys.linux(), options.build());
        TreeState read = TreeState.of(fs);
        assertThat(live.difference(live, read, read)).as("discarded " + path).isNull();
      }
      TreeState end = TreeState.of(fs);
      try (UnionFileSystem lowers = UnionFileSystem.open(Sys.linux(), lowersOnly.build())) {
        TreeState expected = TreeState.of(lowers);
        assertThat(end.difference(end, expected, expected)).as("everything").isNull();
      }
    } finally {
      fs.close();
    }
    return done;
  }

  private static int discard(UnionFileSystem fs, String path) throws ErrnoException {
    try {
      LiveUpper.discard(fs, path);
      return 1;
    } catch (IOException e) {
      assertThat(path).as(e.getMessage()).isNotEqualTo(".");
      assertThat(e).hasMessageContaining("discard");
      return 0;
    }
  }

  /* As the kernel does with what it was told of. */
  private static List<Node> retainAll(UnionFileSystem fs) throws ErrnoException {
    List<Node> all = new ArrayList<>();
    Deque<String> open = new ArrayDeque<>(List.of(""));
    UnionSide side = new UnionSide(fs);
    while (!open.isEmpty()) {
      String dir = open.pop();
      for (String name : side.names(dir)) {
        String path = dir.isEmpty() ? name : dir + "/" + name;
        Node node = side.node(path);
        fs.retain(node);
        all.add(node);
        if (node.isDirectory()) {
          open.push(path);
        }
      }
    }
    return all;
  }
}
