package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The mark of a mount that syncs nothing. */
class VolatileIT {
  private static Path mark(Union union) {
    return union.work().resolve("work/incompat/volatile");
  }

  private static String[] mountCommand(Union union, String... more) {
    List<String> line = new ArrayList<>(List.of(Tool.mount()));
    line.addAll(union.variant().options());
    line.addAll(List.of("--lower", union.lower().toString()));
    line.addAll(List.of("--upper", union.upper().toString(), "--work", union.work().toString()));
    line.addAll(List.of(more));
    line.add(union.point().toString());
    return line.toArray(String[]::new);
  }

  private static boolean exists(Path path) throws Exception {
    return Command.of(Account.ROOT, "test", "-e", path.toString()).run().status() == 0;
  }

  @MountTest(variants = {Variant.KERNEL, Variant.JNR_FUSE})
  void cleanUnmountLeavesAnUpperThatMountsAgain(Union union) throws Exception {
    union.layers("lower f file \"lower\"").mount("-o", "volatile");
    assertThat(exists(mark(union).resolve("dirty"))).isTrue();
    union.run("echo more >> f; echo new > n");

    union.unmount();
    assertThat(exists(mark(union))).isFalse();
    union.mount("--volatile");

    assertThat(union.run("cat f n")).isEqualTo("lowermore\nnew\n");
  }

  @MountTest(variants = Variant.KERNEL)
  void killedServerLeavesAnUpperThatNobodyMountsUnasked(Union union) throws Exception {
    union.layers("lower f file \"lower\"").mount("--volatile");
    union.run("echo more >> f; sync f");
    union.server().destroyForcibly();
    Union.await("the server is gone", () -> !union.hasServer());
    Command.of(union.account(), Tool.unionfs(), "umount", union.point().toString()).output();

    for (String[] more : new String[][] {{}, {"--volatile"}}) {
      Command.Result refused = Command.of(union.account(), mountCommand(union, more)).run();
      assertThat(refused.status()).isEqualTo(1);
      assertThat(refused.err())
          .contains(union.work().toString(), "volatile", "new upper and work directory", "remove");
    }
    if (Account.isRoot()) {
      String options =
          "lowerdir=" + union.lower() + ",upperdir=" + union.upper() + ",workdir=" + union.work();
      String mount =
          "unshare --mount --propagation private mount -t overlay overlay -o '"
              + options
              + (union.isRoot() ? "" : ",userxattr")
              + "' '"
              + union.point()
              + "'";
      assertThat(Command.script(Account.ROOT, mount).run().status()).isNotZero();
    }
    Command.of(Account.ROOT, "rm", "-r", mark(union).toString()).output();
    union.mount();

    assertThat(union.run("cat f")).isEqualTo("lowermore\n");
  }
}
