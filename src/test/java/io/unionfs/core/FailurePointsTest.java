package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.core.CrashOperations.Operation;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/*
 * Each operation runs once to count its system calls, and then once for each of them, which fails there. A
 * normal run takes every tenth of these points; -Dunionfs.crash.all=true takes all.
 */
/** A failing system call fails its operation or does not matter, and nothing stays half done. */
final class FailurePointsTest {
  private static final int EVERY = Boolean.getBoolean("unionfs.crash.all") ? 1 : 10;

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private int directories;

  @TestFactory
  Stream<DynamicTest> writeErrors() {
    return each(Errno.EIO);
  }

  @TestFactory
  Stream<DynamicTest> quota() {
    return each(Errno.EDQUOT);
  }

  private Stream<DynamicTest> each(int errno) {
    return CrashOperations.all().stream()
        .map(operation -> DynamicTest.dynamicTest(operation.name(), () -> fail(operation, errno)));
  }

  private CrashLayers layers(Operation operation) throws IOException, ErrnoException {
    CrashLayers layers =
        CrashLayers.make(Files.createDirectory(home.resolve("run" + directories++)));
    try (UnionFileSystem fs = layers.open(Sys.linux())) {
      operation.before().on(fs, new UnionSide(fs));
    }
    return layers;
  }

  private static TreeState fresh(CrashLayers layers) throws IOException, ErrnoException {
    try (UnionFileSystem fs = layers.open(Sys.linux())) {
      return TreeState.of(fs);
    }
  }

  private void fail(Operation operation, int errno) throws IOException, ErrnoException {
    CrashLayers done = layers(operation);
    TreeState doneStart = fresh(done);
    FailingSys counting = new FailingSys(errno);
    List<String> calls;
    try (UnionFileSystem fs = done.open(counting)) {
      counting.failAt(-1);
      operation.step().on(fs, new UnionSide(fs));
      calls = counting.calls();
    }
    TreeState after = fresh(done);
    for (int at = (calls.size() - 1) % EVERY; at < calls.size(); at += EVERY) {
      String when =
          operation.name() + ", " + calls.get(at) + " fails, of " + String.join("; ", calls);
      fail(when, operation, errno, at, after, doneStart);
    }
  }

  private void fail(
      String when, Operation operation, int errno, int at, TreeState after, TreeState doneStart)
      throws IOException, ErrnoException {
    CrashLayers layers = layers(operation);
    String lowers = layers.lowersExact();
    TreeState start = fresh(layers);
    FailingSys sys = new FailingSys(errno);
    TreeState live;
    boolean failed = false;
    try (UnionFileSystem fs = layers.open(sys)) {
      sys.failAt(at);
      try {
        operation.step().on(fs, new UnionSide(fs));
      } catch (ErrnoException e) {
        failed = true;
      }
      sys.failAt(-1);
      live = TreeState.of(fs);
    }
    TreeState now = fresh(layers);
    assertThat(layers.left("work")).as(when).isEmpty();
    assertThat(live.difference(start, now, start)).as(when + ", live").isNull();
    String toOld = now.difference(start, start, start, operation.replaced());
    String toNew = now.difference(start, after, doneStart);
    if (!failed && toNew != null) {
      // a name can be removed where there is no room for the count of the others
      toNew = now.withoutCounts().difference(start, after.withoutCounts(), doneStart);
    }
    if (toNew != null && (toOld != null || !failed)) {
      throw new AssertionError(
          when
              + (failed ? "\nfailed, and" : "\nsucceeded, and")
              + " is neither as before:\n"
              + toOld
              + "\nnor as afterwards:\n"
              + toNew);
    }
    if (toNew != null) {
      try (UnionFileSystem fs = layers.open(Sys.linux())) {
        operation.step().on(fs, new UnionSide(fs));
      }
      assertThat(fresh(layers).difference(start, after, doneStart))
          .as(when + ", done again")
          .isNull();
    }
    assertThat(layers.lowersExact()).as(when).isEqualTo(lowers);
  }
}
