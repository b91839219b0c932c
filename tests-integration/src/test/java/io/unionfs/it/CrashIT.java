package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;

/*
 * crash.py makes changes and notes which of them were answered; the server gets SIGKILL in the middle of
 * one. Then kernel overlayfs and a new server show the same layers, and crash.py judges.
 */
/** A server that is killed, and what its layers are worth afterwards. */
class CrashIT {
  private static final long SEED = Long.getLong("unionfs.kill.seed", 20_260_403L);
  private static final int ROUNDS = Integer.getInteger("unionfs.kill.rounds", 15);
  private static final int MOST_CHANGES = 250;
  private static final long PATIENCE_SECONDS = 60;

  @MountTest
  void killedServerLeavesEveryAnsweredChangeAndNothingHalf(Union union) throws Exception {
    prepare(union);
    round(union, SEED);
  }

  @Tag("system")
  @MountTest
  void serversThatAreKilledAgainAndAgainLoseNothing(Union union) throws Exception {
    prepare(union);
    for (int i = 1; i <= ROUNDS; i++) {
      round(union, SEED + i);
    }
  }

  /* As a server leaves it that was killed between the two steps. */
  @MountTest(variants = Variant.KERNEL, accounts = Account.ROOT)
  void layersWithAHalfRenamedFileAreRefusedByTheKernelUntilWeMountedThem(Union union)
      throws Exception {
    union.layers("lower d/old file \"lower\"\nupper d/old file \"moved\"");
    String overlay =
        "mkdir -p overlay && mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work"
            + " overlay";
    String cd = "cd '" + union.home() + "' && ";
    String killed =
        "ln upper/d/old upper/d/new && mkdir -p work/work/incompat"
            + " && printf 'd/old\\0d/new\\0' > work/work/incompat/rename#1 && ";
    Command.Result refused = Command.script(Account.ROOT, cd + killed + overlay).run();
    assertThat(refused.status()).as(refused.err()).isEqualTo(32); // mount(8): mount failure
    assertThat(union.work().resolve("work/incompat/rename#1")).exists();

    union.mount();
    assertThat(union.run("ls d; cat d/new")).isEqualTo("new\nmoved");
    union.unmount();

    assertThat(
            Command.script(Account.ROOT, cd + overlay + " && ls overlay/d; umount overlay")
                .output())
        .isEqualTo("new\n");
  }

  private static void prepare(Union union) throws IOException, InterruptedException {
    union
        .layers(
            """
            lower  a       file "one"
            lower  b/a     file "two"
            lower  b/b/c   file "three"
            lower  c/a     symlink "../a"
            lower  d       dir 0755
            lower  hard0   file "linked"
            lower  hard1   hardlink "hard0"
            lower  hard2   hardlink "hard0"
            lower2 b/a/b   file "hidden"
            lower2 b/b/a   file "four"
            lower2 b/c     fifo
            lower2 c/b/a   file "five"
            lower2 d/d     dir 0700
            lower2 c/d/a   file "six"
            """)
        .incomparable("overlayfs without index=on breaks hard links");
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "'; for i in 0 1 2 3; do head -c 3M /dev/urandom > big$i; done;"
                + " find . ../lower2 -exec touch -h -d @1234567.5 {} +")
        .output();
    Files.copy(resource(), union.home().resolve("crash.py"));
  }

  private static InputStream resource() throws IOException {
    InputStream source = CrashIT.class.getResourceAsStream("/crash.py");
    if (source == null) {
      throw new IOException("crash.py is missing");
    }
    return source;
  }

  private static String script(Union union, String... words) {
    StringBuilder line = new StringBuilder("python3 '" + union.home() + "/crash.py'");
    for (String word : words) {
      line.append(" '").append(word).append('\'');
    }
    return line.toString();
  }

  private static void round(Union union, long seed) throws Exception {
    String shadow = union.home() + "/shadow";
    String state = union.home() + "/state";
    Path progress = union.home().resolve("progress");
    Command.script(
            union.account(),
            "cd '"
                + union.home()
                + "'; rm -rf upper work shadow state progress; mkdir upper work;"
                + " mkdir -p upper/d/c; echo upper > upper/d/a; : > progress;"
                + " touch -d @1234567.5 upper/d/a")
        .output();
    union.mount();
    Command.of(union.account(), "cp", "-a", union.point().toString(), shadow).output();
    Process worker =
        Command.script(
                union.account(),
                script(
                    union,
                    "work",
                    union.point().toString(),
                    shadow,
                    state,
                    progress.toString(),
                    Long.toString(seed)))
            .start(
                union.home().resolve("worker.out").toFile(),
                union.home().resolve("worker.err").toFile());
    long changes = new Random(seed).nextInt(MOST_CHANGES);
    awaitSize(progress, changes, worker);
    union.server().destroyForcibly();

    assertThat(worker.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(union.home().resolve("worker.err")).as("seed " + seed).hasContent("");
    Union.await("the server is gone", () -> !union.hasServer());
    Command.of(union.account(), Tool.unionfs(), "umount", union.point().toString()).output();
    String[] check = {"check", union.point().toString(), shadow, state};
    if (Account.isRoot()) {
      // by a path that the account may search, unlike root's perhaps
      String asAccount = "env PATH=/usr/bin:/bin " + String.join(" ", union.account().prefix());
      kernelShowsTheSame(union, seed, asAccount + " " + script(union, check));
    }
    union.mount();
    assertThat(
            Command.script(Account.ROOT, "find '" + union.work() + "/work' -mindepth 1").output())
        .as("seed " + seed)
        .isEmpty();
    // only who may open file handles knows the links of a lower file again
    String links = union.isRoot() ? " links" : "";
    Command.script(union.account(), script(union, check) + " index" + links).run().expectSuccess();
    union.unmount();
  }

  private static void awaitSize(Path file, long bytes, Process worker)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (Files.size(file) < bytes) {
      if (System.nanoTime() > end || !worker.isAlive()) {
        throw new AssertionError("only " + Files.size(file) + " of " + bytes + " changes");
      }
      Thread.onSpinWait();
    }
  }

  /* As lowers only, so that the kernel does not touch the work directory. */
  private static void kernelShowsTheSame(Union union, long seed, String check)
      throws IOException, InterruptedException {
    String userxattr = union.isRoot() ? "" : ",userxattr";
    Command.Result result =
        Command.script(
                Account.ROOT,
                "unshare --mount --propagation private bash -euc \"mount -t overlay overlay -o"
                    + " ro,lowerdir='"
                    + union.upper()
                    + ":"
                    + union.lowerOption()
                    + "'"
                    + userxattr
                    + " '"
                    + union.point()
                    + "'; "
                    + check
                    + '"')
            .run();
    assertThat(result.status()).as("overlayfs, seed " + seed + ": " + result.err()).isZero();
  }
}
