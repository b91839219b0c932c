package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.unionfs.TargetDirectories;
import io.unionfs.core.CoreOracleTest.Call;
import io.unionfs.core.CrashingSys.Crash;
import io.unionfs.sys.ErrnoException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/*
 * The plain directory has every call that the union answered. After a crash the union must be like it,
 * or like it with the call during which the process died. A process may also die while it opens the
 * layers or closes them.
 */
/** Random calls of a process that dies, and of the next one that goes on with its layers. */
final class CrashOracleTest {
  private static final int ROUNDS = Integer.getInteger("unionfs.crash.rounds", 25);
  private static final long SEED = Long.getLong("unionfs.oracle.seed", 20_260_401L);
  private static final int CALLS = 80;
  private static final int LIFE = 60;
  private static final int SHORT_LIFE = 8;

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  @Test
  void crashLeavesTheTreeBeforeOrAfterTheCall() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      Path directory = Files.createTempDirectory(home, "round");
      new Round(directory, SEED + round).run();
      CoreOracleTest.remove(directory);
    }
  }

  private static final class Round {
    private final Path directory;
    private final Random random;
    private final OracleLayers layers;
    private final List<String> history = new ArrayList<>();
    private int calls;

    /* The call during which the last process died. */
    private @Nullable Call pending;

    Round(Path directory, long seed) throws IOException, ErrnoException {
      this.directory = directory;
      this.random = new Random(seed);
      this.layers = OracleLayers.random(directory, new Random(seed));
      history.add("seed " + seed);
    }

    void run() throws IOException, ErrnoException {
      String lowers = layers.lowersExact();
      try (PlainSide plain = new PlainSide(CoreOracleTest.bytes(layers.plain()))) {
        while (calls < CALLS) {
          try (CrashingSys sys = new CrashingSys()) {
            live(sys, plain);
          } catch (Crash e) {
            history.add(e.getMessage());
          }
        }
        try (CrashingSys sys = new CrashingSys();
            UnionFileSystem fs = layers.open(-1, sys)) {
          settle(plain, new UnionSide(fs));
        }
        check(plain);
      }
      assertThat(layers.lowersExact()).as(said()).isEqualTo(lowers);
    }

    /* The last process ended well, and left nothing behind. */
    private void check(PlainSide plain) throws IOException, ErrnoException {
      Path work = directory.resolve(".upper.unionfs-work/work");
      if (Files.exists(work)) {
        try (Stream<Path> left = Files.list(work)) {
          assertThat(left.toList()).as(said()).isEmpty();
        }
      }
      try (CrashingSys sys = new CrashingSys();
          UnionFileSystem fs = layers.open(-1, sys)) {
        requireEqual("at the end", plain, new UnionSide(fs));
      }
    }

    private void live(CrashingSys sys, PlainSide plain) throws IOException, ErrnoException {
      if (random.nextInt(4) == 0) {
        sys.dieAfter(random.nextInt(SHORT_LIFE));
      }
      UnionFileSystem fs = layers.open(-1, sys);
      sys.dieAfter(Integer.MAX_VALUE);
      UnionSide union = new UnionSide(fs);
      settle(plain, union);
      sys.dieAfter(random.nextInt(LIFE));
      while (calls < CALLS) {
        calls++;
        Call call = CoreOracleTest.randomCall(random);
        history.add(call.toString());
        pending = call;
        String answer = call.run(union);
        pending = null;
        if (!answer.equals("EXDEV")) {
          String expected = call.run(plain);
          if (!expected.equals(answer)) {
            fail(said() + "\n  plain: " + expected + "\n  union: " + answer);
          }
        }
      }
      fs.close();
    }

    /* Finds out whether the call that was interrupted happened. */
    private void settle(PlainSide plain, UnionSide union) throws ErrnoException {
      Call call = pending;
      pending = null;
      if (call == null) {
        requireEqual("opened anew", plain, union);
        return;
      }
      String toOld = CoreOracleTest.compareTrees("before the call", plain, union);
      if (toOld == null) {
        return;
      }
      call.run(plain);
      String toNew = CoreOracleTest.compareTrees("after the call", plain, union);
      if (toNew != null) {
        fail(said() + "\nis neither\n" + toOld + "\nnor\n" + toNew);
      }
    }

    private void requireEqual(String when, PlainSide plain, UnionSide union) throws ErrnoException {
      String difference = CoreOracleTest.compareTrees(when, plain, union);
      if (difference != null) {
        fail(said() + "\n" + difference);
      }
    }

    private String said() {
      return String.join("\n", history);
    }
  }
}
