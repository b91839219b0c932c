package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;

/** What the kernel forgets, the server gives up. */
class ForgetIT {
  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void nodesAreGivenUpWhenTheKernelForgetsThem(Union union) throws Exception {
    Command.script(
            Account.ROOT,
            "cd '"
                + union.lower()
                + "'; for d in $(seq 20); do mkdir d$d; (cd d$d; seq 100 | xargs touch; ln 1 hard); done")
        .output();
    union.incomparable("overlayfs counts names of lower hard links otherwise");
    union.mount();

    union.run(
        "find . -ls > /dev/null; for d in $(seq 20); do echo x >> d$d/1; rm d$d/2; mv d$d/3 d$d/x; done");
    int from = log(union).length();
    Union.await("the kernel forgets all", () -> forgotten(union, from));
  }

  /* The kernel has room for all of them, a server with so small a heap has not. */
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void treeThatTheHeapHasNoRoomForIsWalked(Union union) throws Exception {
    Needs.kernel(6, 18, "FUSE_NOTIFY_PRUNE");
    String script =
        """
        cd '%s'
        python3 -c '
        import os
        for d in range(150):
            os.mkdir(f"lower/d{d}")
            for f in range(1000):
                os.close(os.open(f"lower/d{d}/f{f}", os.O_CREAT | os.O_WRONLY))
        '
        UNIONFS_HEAP=32m '%s' --lower lower --upper upper --log-file log mnt
        find mnt -type f -size +1k 2>&1
        find mnt 2>&1 | wc -l
        umount mnt
        cat log
        """
            .formatted(union.home(), Tool.mount());

    String said = Command.script(Account.ROOT, script).output();

    assertThat(said).isEqualTo("150151\n");
  }

  /* The kernel frees its inodes bit by bit; the server logs how many nodes are left after each. */
  private static boolean forgotten(Union union, int from) {
    try {
      Union.dropCaches();
      return log(union).substring(from).contains("nodes known to the kernel: 0\n");
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static String log(Union union) throws IOException {
    return Files.readString(union.log(), StandardCharsets.ISO_8859_1);
  }

  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void descriptorsDoNotGrow(Union union) throws Exception {
    union.layers("lower d/x file \"\"\nlower f file \"text\"").mount();
    String round =
        "for i in $(seq 40); do mkdir d/s$i; echo $i > d/s$i/f; exec 3<>d/s$i/f; rm d/s$i/f; rmdir d/s$i;"
            + " echo x >&3; exec 3>&-; echo y >> f; ln f g; mv g h; rm h; done";

    union.run(round);
    Union.dropCaches();
    long once = descriptors(union);
    union.run(round + "; " + round);
    Union.dropCaches();

    Union.await("descriptors are closed", () -> descriptors(union) <= once + 10);
  }

  /* Two files of the upper and two of the lower, read and written, with all that an open may leave behind. */
  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.JNR_FUSE})
  void descriptorsDoNotGrowOverAHundredThousandOpens(Union union) throws Exception {
    union
        .layers("lower d/a file \"text\"\nlower d/b file \"text\"\nupper d/c file \"text\"")
        .mount();
    union.run("echo more >> d/c; exec 3>> d/b; cat d/a");
    String open =
        """
        import os
        directory = os.open("d", os.O_RDONLY)
        for i in range(25000):
            for name, flags in (("a", os.O_RDONLY), ("b", os.O_RDONLY), ("c", os.O_RDWR), ("c", os.O_RDONLY)):
                os.close(os.open(name, flags, dir_fd=directory))
        """;
    Command.Result once =
        Command.of(union.account(), "python3", "-c", open.replace("25000", "250"))
            .in(union.point())
            .run();
    once.expectSuccess();
    long before = descriptors(union);

    Command.of(union.account(), "python3", "-c", open).in(union.point()).output();

    Union.await("descriptors are closed", () -> descriptors(union) <= before + 4);
  }

  private static long descriptors(Union union) {
    String[] open = new File("/proc/" + union.server().pid() + "/fd").list();
    assertThat(open).isNotNull();
    return open.length;
  }
}
