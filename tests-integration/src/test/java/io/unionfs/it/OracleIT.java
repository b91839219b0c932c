package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;

/*
 * A perl script makes the calls, once in the mount and once in a plain directory with the same files,
 * and says what each gave. A rename that gives EXDEV in the union, as that of a directory with lower
 * content may, is left out in the plain directory.
 */
/** Random system calls in a mount and in a plain directory. */
class OracleIT {
  private static final long SEED = Long.getLong("unionfs.oracle.seed", 20_260_102L);
  private static final int CALLS = 600;
  private static final int LONG_ROUNDS = 40;
  private static final String[] NAMES = {"a", "b", "c", "d"};
  private static final String[] KINDS = {
    "create", "create", "mkdir", "mkdir", "symlink", "fifo", "link", "link", "unlink", "unlink",
    "unlink", "rmdir", "rmdir", "rename", "rename", "rename", "write", "append", "empty",
        "truncate",
    "read", "chmod", "utime", "stat", "readlink", "list"
  };

  @MountTest
  void mountBehavesAsAPlainDirectory(Union union) throws Exception {
    compare(union, SEED);
  }

  @Tag("system")
  @MountTest
  void mountBehavesAsAPlainDirectoryForLong(Union union) throws Exception {
    for (int round = 1; round <= LONG_ROUNDS; round++) {
      compare(union, SEED + round);
    }
  }

  private static void compare(Union union, long seed) throws Exception {
    Random random = new Random(seed);
    if (!union.isMounted()) {
      layers(union).mount();
    }
    Path plain = union.home().resolve("plain");
    Command.of(Account.ROOT, "rm", "-rf", plain.toString()).output();
    Command.of(union.account(), "cp", "-a", union.point().toString(), plain.toString()).output();
    String calls = calls(random);

    String inUnion = run(union, union.point(), calls, List.of());
    String inPlain = run(union, plain, calls, exdev(inUnion));

    assertThat(inUnion.lines().toList())
        .as("seed " + seed + "; the first line that differs names the call")
        .containsExactlyElementsOf(inPlain.lines().toList());
    union.remount();
    assertThat(tree(run(union, union.point(), "", List.of())))
        .as("seed " + seed + ", mounted again")
        .isEqualTo(tree(inPlain));
  }

  private static Union layers(Union union) throws IOException, InterruptedException {
    return union
        .layers(
            """
            lower  a       file "one"
            lower  b/a     file "two"
            lower  b/b/c   file "three"
            lower  c/a     symlink "../a"
            lower  d       dir 0755
            lower2 a/x     file "hidden"
            lower2 b/a/b   file "hidden"
            lower2 b/b/a   file "four"
            lower2 b/c     fifo
            lower2 c/b/a   file "five"
            lower2 d/d     dir 0700
            lower2 h1      file "six"
            lower2 d/h2    hardlink "h1"
            lower3 b/b/b   file "seven"
            lower3 c/b/b   file "eight"
            lower3 c/d/a   file "nine"
            lower3 d/d/c   file "ten"
            upper  d/a     file "upper"
            """)
        .incomparable("overlayfs without index=on breaks hard links");
  }

  private static String calls(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < CALLS; i++) {
      text.append(KINDS[random.nextInt(KINDS.length)])
          .append(' ')
          .append(path(random))
          .append(' ')
          .append(path(random))
          .append(' ')
          .append(0700 | random.nextInt(01000))
          .append('\n');
    }
    return text.toString();
  }

  private static String path(Random random) {
    int chance = random.nextInt(20);
    if (chance == 0) {
      return "h1";
    }
    if (chance == 1) {
      return "d/h2";
    }
    StringBuilder path = new StringBuilder(NAMES[random.nextInt(NAMES.length)]);
    for (int depth = random.nextInt(4); depth > 0; depth--) {
      path.append('/').append(NAMES[random.nextInt(NAMES.length)]);
    }
    return path.toString();
  }

  private static String run(Union union, Path directory, String calls, List<String> leftOut)
      throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(List.of("perl", script(union).toString()));
    line.addAll(leftOut);
    return Command.of(union.account(), line.toArray(String[]::new))
        .in(directory)
        .input(calls)
        .output();
  }

  private static Path script(Union union) throws IOException {
    Path script = union.home().resolve("oracle.pl");
    if (!Files.exists(script)) {
      try (InputStream source = OracleIT.class.getResourceAsStream("/oracle.pl")) {
        if (source == null) {
          throw new IOException("oracle.pl is missing");
        }
        Files.copy(source, script);
      }
    }
    return script;
  }

  private static List<String> exdev(String said) {
    return said.lines()
        .filter(line -> line.matches("\\d+ rename .*"))
        .filter(line -> line.endsWith(": EXDEV"))
        .map(line -> line.substring(0, line.indexOf(' ')))
        .toList();
  }

  private static String tree(String said) {
    return said.substring(said.indexOf("---\n"));
  }
}
