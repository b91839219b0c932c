package io.unionfs.core;

import static org.assertj.core.api.Assertions.fail;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/*
 * The oracle is a plain directory: the same calls on it and on a union must give the same results and
 * errnos, and afterwards the same tree, also after the layers are opened anew. The one exception is
 * EXDEV for a directory with lower content, after which the call is left out on the plain side.
 */
/** Random calls on a union and on a plain directory. */
class CoreOracleTest {
  /** Times that tests set lie before this; others are the clock's and cannot be compared. */
  static final long SET_TIMES_BEFORE = 1_000_000_000L;

  private static final int ROUNDS = Integer.getInteger("unionfs.oracle.rounds", 150);
  private static final long SEED = Long.getLong("unionfs.oracle.seed", 20_260_101L);
  private static final int CALLS = 80;
  private static final int SHRINK_RUNS = 400;
  private static final String[] NAMES = {"a", "b", "c", "d"};

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private double timeoutSeconds = -1;
  private int xattrPermissions;

  /** One call, with all its arguments fixed. */
  record Call(String name, String path, String other, long number, byte[] data, int flags) {
    String run(OracleSide side) {
      try {
        return switch (name) {
          case "create" -> side.create(path, (int) number);
          case "mkdir" -> side.mkdir(path, (int) number);
          case "symlink" -> side.symlink(path, other);
          case "fifo" -> side.fifo(path, (int) number);
          case "link" -> side.link(path, other);
          case "unlink" -> side.unlink(path);
          case "rmdir" -> side.rmdir(path);
          case "rename" -> side.rename(path, other, flags);
          case "write" -> side.write(path, number % 100, data);
          case "truncate" -> side.truncate(path, number % 100);
          case "chmod" -> side.chmod(path, (int) number);
          case "utimens" -> side.utimens(path, number, 123_456_789);
          case "setxattr" -> side.setxattr(path, "user.t" + number % 3, data, flags % 3);
          case "removexattr" -> side.removexattr(path, "user.t" + number % 3);
          case "list" -> side.list(path);
          case "stat" -> side.describe(path);
          default -> throw new IllegalStateException(name);
        };
      } catch (ErrnoException e) {
        return Errno.name(e.errno());
      }
    }

    @Override
    public String toString() {
      return name + " " + path + " " + other + " " + number + " flags " + flags;
    }
  }

  private static final String[] KINDS = {
    "create", "create", "mkdir", "mkdir", "symlink", "fifo", "link", "unlink", "unlink", "unlink",
    "rmdir", "rmdir", "rename", "rename", "rename", "write", "write", "truncate", "chmod",
        "utimens",
    "setxattr", "removexattr", "list", "stat"
  };

  static Call randomCall(Random random) {
    byte[] data = new byte[random.nextInt(40)];
    random.nextBytes(data);
    int flags = random.nextInt(5) == 0 ? 1 + random.nextInt(2) : 0;
    return new Call(
        KINDS[random.nextInt(KINDS.length)],
        randomPath(random),
        randomPath(random),
        01 + random.nextInt(0777) | 0600,
        data,
        flags);
  }

  private static String randomPath(Random random) {
    if (random.nextInt(12) == 0) {
      return "hard" + random.nextInt(3); // lower hard links
    }
    StringBuilder path = new StringBuilder(NAMES[random.nextInt(NAMES.length)]);
    for (int depth = random.nextInt(3); depth > 0; depth--) {
      path.append('/').append(NAMES[random.nextInt(NAMES.length)]);
    }
    return path.toString();
  }

  @Test
  void unionBehavesAsAPlainDirectory() throws Exception {
    compareRounds(ROUNDS, SEED);
  }

  @Test
  void unionThatRemembersNothingBehavesAsAPlainDirectory() throws Exception {
    timeoutSeconds = 0;
    compareRounds(ROUNDS / 5, ~SEED);
  }

  @Test
  void unionThatKeepsOwnersInXattrsBehavesAsAPlainDirectory() throws Exception {
    xattrPermissions = 2;
    compareRounds(ROUNDS / 3, SEED + ROUNDS);
  }

  private void compareRounds(int rounds, long firstSeed) throws IOException, ErrnoException {
    for (int round = 0; round < rounds; round++) {
      long seed = firstSeed + round;
      Random random = new Random(seed);
      List<Call> calls = new ArrayList<>();
      for (int i = 0; i < CALLS; i++) {
        calls.add(randomCall(random));
      }
      String failure = run(seed, calls);
      if (failure != null) {
        fail("seed " + seed + ", smallest failing calls:\n" + shrink(seed, calls));
      }
    }
  }

  private String shrink(long seed, List<Call> failing) throws IOException, ErrnoException {
    List<Call> calls = new ArrayList<>(failing);
    int runs = 0;
    for (int size = calls.size() / 2; size >= 1 && runs < SHRINK_RUNS; size /= 2) {
      for (int start = 0; start + size <= calls.size() && runs < SHRINK_RUNS; ) {
        List<Call> fewer = new ArrayList<>(calls);
        fewer.subList(start, start + size).clear();
        runs++;
        if (run(seed, fewer) != null) {
          calls = fewer;
        } else {
          start += size;
        }
      }
    }
    StringBuilder text = new StringBuilder();
    calls.forEach(call -> text.append(call).append('\n'));
    return text + "→ " + run(seed, calls);
  }

  /* What differed, or null. */
  private @Nullable String run(long seed, List<Call> calls) throws IOException, ErrnoException {
    Path directory = Files.createTempDirectory(home, "round");
    try {
      OracleLayers layers = OracleLayers.random(directory, new Random(seed));
      String before = layers.lowersExact();
      String failure = runOn(layers, calls);
      if (failure == null && !layers.lowersExact().equals(before)) {
        failure = "a lower changed";
      }
      return failure;
    } catch (AssertionError e) {
      return String.valueOf(e.getMessage());
    } finally {
      remove(directory);
    }
  }

  private @Nullable String runOn(OracleLayers layers, List<Call> calls)
      throws IOException, ErrnoException {
    try (PlainSide plain = new PlainSide(bytes(layers.plain()))) {
      try (UnionFileSystem fs = layers.open(timeoutSeconds, xattrPermissions)) {
        UnionSide union = new UnionSide(fs);
        String failure = compareTrees("start", plain, union);
        for (Call call : calls) {
          if (failure != null) {
            return failure;
          }
          failure = compare(call, plain, union);
        }
        if (failure == null) {
          failure = compareTrees("end", plain, union);
        }
        if (failure != null) {
          return failure;
        }
      }
      try (UnionFileSystem fs = layers.open(timeoutSeconds, xattrPermissions)) {
        return compareTrees("opened anew", plain, new UnionSide(fs));
      }
    }
  }

  private static @Nullable String compare(Call call, PlainSide plain, UnionSide union) {
    String actual = call.run(union);
    if (call.name().equals("rename") && actual.equals("EXDEV")) {
      return null;
    }
    String expected = call.run(plain);
    return expected.equals(actual)
        ? null
        : call + "\n  plain: " + expected + "\n  union: " + actual;
  }

  static @Nullable String compareTrees(String when, PlainSide plain, UnionSide union)
      throws ErrnoException {
    try {
      return firstDifference(when, plain, union);
    } catch (AssertionError e) {
      return when + ": " + e.getMessage();
    }
  }

  private static @Nullable String firstDifference(String when, PlainSide plain, UnionSide union)
      throws ErrnoException {
    List<String> open = new ArrayList<>(List.of(""));
    while (!open.isEmpty()) {
      String dir = open.remove(open.size() - 1);
      List<String> expected = plain.names(dir);
      List<String> actual = union.names(dir);
      if (!expected.equals(actual)) {
        return when + ", entries of /" + dir + ": plain " + expected + ", union " + actual;
      }
      for (String name : expected) {
        String path = dir.isEmpty() ? name : dir + "/" + name;
        String left = plain.describe(path);
        String right = union.describe(path);
        if (!left.equals(right)) {
          return when + ", " + path + "\n  plain: " + left + "\n  union: " + right;
        }
        if (plain.isDirectory(path)) {
          open.add(path);
        }
      }
    }
    return null;
  }

  static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  static void remove(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e)
              throws IOException {
            Files.delete(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  static void makeWhiteout(Path path) throws ErrnoException {
    Sys.linux().mknodat(Linux.AT_FDCWD, Name.of(bytes(path)), Linux.S_IFCHR, 0);
  }

  static void setOpaque(Path path) throws ErrnoException {
    String space = OwnProcess.geteuid() == 0 ? "trusted" : "user";
    Sys.linux()
        .setxattrat(
            Linux.AT_FDCWD,
            Name.of(bytes(path)),
            Name.of(space + ".overlay.opaque"),
            new byte[] {'y'},
            0);
  }
}
