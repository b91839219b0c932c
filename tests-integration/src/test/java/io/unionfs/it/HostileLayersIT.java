package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;

/*
 * hostile.py makes the layers and is the program that meets them: it reads, changes and removes all
 * that the union shows. Errors are fine; what is outside must neither show nor change, nothing may
 * hang, the server lives, and the lowers stay as they are.
 */
/** Layers that an attacker wrote. */
class HostileLayersIT {
  private static final long SEED = Long.getLong("unionfs.hostile.seed", 1);
  private static final int LONG_ROUNDS = 10;

  @MountTest
  void everyTrickOnceGivesErrorsAtMost(Union union) throws Exception {
    meet(union, 0);
  }

  @MountTest
  void randomLayersGiveErrorsAtMost(Union union) throws Exception {
    meet(union, SEED);
  }

  @Tag("system")
  @MountTest
  void manyRandomLayersGiveErrorsAtMost(Union union) throws Exception {
    for (long seed = SEED + 1; seed <= SEED + LONG_ROUNDS; seed++) {
      Command.script(
              Account.ROOT,
              "cd '%s'; rm -rf upper work lower lower2 lower3 outside".formatted(union.home())
                  + "; mkdir upper work")
          .output();
      meet(union, seed);
    }
  }

  private static void meet(Union union, long seed) throws Exception {
    union.incomparable("the kernel's overlayfs refuses or follows some of it");
    // documented: EIO on that file
    union.expectLog("mark is not followed");
    union.expectLog("redirect mark is no path");
    union.expectLog("redirect marks lead to too long a path");
    union.expectLog("the layers below do not have its data");
    Path script = script(union);
    Path outside = union.home().resolve("outside");
    Command.of(
            Account.ROOT,
            "python3",
            script.toString(),
            "make",
            union.home().toString(),
            Long.toString(seed))
        .output();
    union.useLowers("lower", "lower2", "lower3");
    String before = Tree.exact(outside);

    union.mount();
    String said =
        Command.script(union.account(), "python3 '%s' meet '%s'".formatted(script, union.point()))
            .output();

    assertThat(said).as("seed " + seed).endsWith(" alive\n");
    assertThat(union.hasServer()).isTrue();
    union.unmount(); // the tree cannot be walked without errors
    assertThat(Tree.exact(outside)).as("seed " + seed).isEqualTo(before);
    union.requireUnchangedLowers();
  }

  private static Path script(Union union) throws IOException {
    Path script = union.home().resolve("hostile.py");
    if (!Files.exists(script)) {
      try (InputStream source = HostileLayersIT.class.getResourceAsStream("/hostile.py")) {
        if (source == null) {
          throw new IOException("hostile.py is missing");
        }
        Files.copy(source, script);
      }
    }
    return script;
  }
}
