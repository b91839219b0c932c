package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.core.CrashOperations.Operation;
import io.unionfs.core.CrashingSys.Crash;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/*
 * Each operation runs once to count its system calls that change something, and then once for each of
 * them with a process that dies there. The layers are then opened anew, as by the next mount. A normal
 * run takes every fifth of these points; -Dunionfs.crash.all=true takes all.
 */
/** A crash at any point of an operation leaves the tree as it was before or as it is afterwards. */
final class CrashPointsTest {
  private static final int EVERY = Boolean.getBoolean("unionfs.crash.all") ? 1 : 5;

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private int directories;

  @TestFactory
  Stream<DynamicTest> everyOperation() {
    return CrashOperations.all().stream()
        .map(operation -> DynamicTest.dynamicTest(operation.name(), () -> crash(operation, true)));
  }

  /* There a rename takes two steps where a lower has the old name; the next mount ends it. */
  @TestFactory
  Stream<DynamicTest> renameWhereTheHostLeavesNoWhiteout() {
    List<Operation> all = new ArrayList<>();
    for (String to : List.of("new", "bare", "gone", "upempty", "hiddendir", "whites", "dir/new")) {
      all.add(CrashOperations.rename("opaque", to, 0).replacing(to));
    }
    for (String to : List.of("new", "other", "hidden", "up", "over", "dir/new", "pipe")) {
      all.add(CrashOperations.rename("small", to, 0));
      all.add(CrashOperations.rename("pipe", to.equals("pipe") ? "symlink" : to, 0));
    }
    all.addAll(
        List.of(
            CrashOperations.rename("over", "new", 0),
            CrashOperations.rename("dir/a", "dir/deep/c", 0)));
    all.add(CrashOperations.rename("hard1", "new", 0));
    all.add(
        CrashOperations.rename("hard1", "up", 0)
            .called("copied up")
            .after((fs, side) -> side.write("hard0", 0, CrashOperations.data("L"))));
    return all.stream()
        .map(operation -> DynamicTest.dynamicTest(operation.name(), () -> crash(operation, false)));
  }

  /** The layers of one run, and the states that they may be in. */
  private record Run(CrashLayers layers, TreeState start, String lowers) {}

  private Run start(Operation operation) throws IOException, ErrnoException {
    Path directory = Files.createDirectory(home.resolve("run" + directories++));
    CrashLayers layers = CrashLayers.make(directory);
    String lowers = layers.lowersExact();
    try (UnionFileSystem fs = layers.open(Sys.linux())) {
      operation.before().on(fs, new UnionSide(fs));
      return new Run(layers, TreeState.of(fs), lowers);
    }
  }

  private void crash(Operation operation, boolean renamesToWhiteout)
      throws IOException, ErrnoException {
    Run done = start(operation);
    List<String> calls;
    try (CrashingSys sys = new CrashingSys(renamesToWhiteout)) {
      UnionFileSystem fs = done.layers().open(sys);
      sys.dieAfter(Integer.MAX_VALUE);
      operation.step().on(fs, new UnionSide(fs));
      calls = sys.calls();
      fs.close();
    }
    TreeState after;
    try (UnionFileSystem fs = done.layers().open(Sys.linux())) {
      after = TreeState.of(fs);
    }
    assertThat(calls).isNotEmpty();
    for (int made = calls.size() % EVERY; made <= calls.size(); made += EVERY) {
      String when = operation.name() + ", dead after " + made + " of " + String.join("; ", calls);
      Run run = start(operation);
      try (CrashingSys sys = new CrashingSys(renamesToWhiteout)) {
        UnionFileSystem fs = run.layers().open(sys);
        UnionSide side = new UnionSide(fs);
        sys.dieAfter(made);
        try {
          operation.step().on(fs, side);
        } catch (Crash e) {
          assertThat(sys.isDead()).isTrue();
        }
      }
      check(when, operation, run, done.start(), after);
    }
  }

  private static void check(
      String when, Operation operation, Run run, TreeState doneStart, TreeState after)
      throws IOException, ErrnoException {
    try (UnionFileSystem fs = run.layers().open(Sys.linux())) {
      assertThat(run.layers().leftWhileMounted("work")).as(when).isEmpty();
      TreeState now = TreeState.of(fs);
      String toOld = now.difference(run.start(), run.start(), run.start(), operation.replaced());
      String toNew = now.difference(run.start(), after, doneStart);
      if (toOld != null && toNew != null) {
        throw new AssertionError(
            when + "\nis neither as before:\n" + toOld + "\nnor as afterwards:\n" + toNew);
      }
      assertThat(now.strangeTime(run.start(), after)).as(when).isNull();
      if (toNew != null) {
        operation.step().on(fs, new UnionSide(fs)); // it can be done again
        assertThat(TreeState.of(fs).difference(run.start(), after, doneStart))
            .as(when + ", done again")
            .isNull();
      }
    }
    TreeState last = after;
    if (EVERY == 1) {
      try (UnionFileSystem fs = run.layers().open(Sys.linux())) {
        last = TreeState.of(fs);
      }
      assertThat(last.difference(run.start(), after, doneStart)).as(when + ", at the end").isNull();
    }
    assertThat(run.layers().left("work")).as(when).isEmpty();
    assertThat(run.layers().lowersExact()).as(when).isEqualTo(run.lowers());
    requireNoOrphanInIndex(when, run, last, EVERY == 1 ? run.start() : doneStart);
  }

  /* A copy in the index that no name leads to would stay for good. */
  private static void requireNoOrphanInIndex(String when, Run run, TreeState last, TreeState start)
      throws IOException {
    String linked =
        Stream.of("hard0", "hard1", "dir/hard2", "new", "up", "small", "hidden")
            .filter(path -> last.isLink(path, start))
            .findAny()
            .orElse(null);
    if (linked == null) {
      assertThat(run.layers().left("index")).as(when).isEmpty();
    }
  }
}
