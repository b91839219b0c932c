package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;

/*
 * oracle.py makes the layers, mounts them, makes the calls on both sides and compares. What it prints
 * of a difference is the fewest calls and layers that show it, as a file that it can replay: such a
 * file is a regression test once it is among the resources "oracle". A round is some cases in one mount,
 * each in a directory of its own.
 */
/** Random calls of several processes in a mount and in a plain directory, on random layers. */
class OracleIT {
  private static final long SEED = Long.getLong("unionfs.oracle.seed", 20_260_102L);
  private static final List<String> FOUND =
      List.of(
          "chown-to-nobody",
          "chown-to-nobody-by-a-stranger",
          "data-mapped-and-written",
          "directory-not-to-be-searched",
          "directory-not-to-be-searched-with-a-whiteout",
          "directory-not-to-be-searched-with-redirects",
          "incomplete-xattr-names",
          "link-from-a-directory-not-to-be-searched",
          "linked-again-beside-a-name-nobody-looked-up",
          "linked-again-without-a-name",
          "listed-while-not-to-be-searched",
          "mapped-data-in-a-hole",
          "removal-of-a-directory-not-to-be-searched",
          "removed-directory-not-to-be-searched",
          "renamed-merged-directory",
          "write-through-a-descriptor-of-another");
  private static final int CASES = 3;
  private static final int CALLS = 700;
  private static final int LONG_CASES = 6;
  private static final int LONG_CALLS = 1500;
  private static final int LONG_ROUNDS =
      Math.max(5, Integer.getInteger("unionfs.oracle.rounds", 0) / 300);

  /* Cutting a case down tries hundreds of smaller ones. */
  private static final long PATIENCE_SECONDS = 1200;

  /* What libfuse does otherwise is not all told apart; the long run has it. */
  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void mountBehavesAsAPlainDirectory(Union union) throws Exception {
    compare(union, SEED, CASES, CALLS);
  }

  @MountTest
  void whatDifferedOnceDoesNotDiffer(Union union) throws Exception {
    StringBuilder files = new StringBuilder();
    for (String name : FOUND) {
      files.append(files.isEmpty() ? "" : ",").append(script(union, "oracle/" + name + ".txt"));
    }
    Command.Result said = oracle(union, "replay", files.toString());

    assertThat(said.status()).as(said.out() + said.err()).isZero();
  }

  @Tag("system")
  @MountTest
  void mountBehavesAsAPlainDirectoryForLong(Union union) throws Exception {
    for (int round = 1; round <= LONG_ROUNDS; round++) {
      compare(union, SEED + round, LONG_CASES, LONG_CALLS);
    }
  }

  private static void compare(Union union, long seed, int cases, int calls) throws Exception {
    Command.Result said =
        oracle(union, "run", Long.toString(seed), Integer.toString(cases), Integer.toString(calls));

    assertThat(said.status()).as(said.out() + said.err()).isZero();
  }

  private static Command.Result oracle(Union union, String mode, String... arguments)
      throws IOException, InterruptedException {
    Path oracle = script(union, "oracle.py");
    script(union, "oracle_calls.py");
    Path home = union.home().resolve("oracle");
    Command.of(union.account(), "mkdir", "-p", home.toString()).output();
    List<String> line = new ArrayList<>(List.of("python3", oracle.toString(), mode));
    line.addAll(List.of(home.toString(), union.point().toString(), union.variant().name()));
    line.addAll(List.of(arguments));
    line.addAll(union.bareCommand());
    line.addAll(List.of("--log-level", "warn"));
    return Command.of(union.account(), line.toArray(String[]::new))
        .in(home)
        .patience(PATIENCE_SECONDS)
        .run();
  }

  private static Path script(Union union, String name) throws IOException {
    Path script = union.home().resolve(Path.of(name).getFileName());
    if (!Files.exists(script)) {
      try (InputStream source = OracleIT.class.getResourceAsStream("/" + name)) {
        if (source == null) {
          throw new IOException(name + " is missing");
        }
        Files.copy(source, script);
      }
    }
    return script;
  }
}
