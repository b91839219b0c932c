package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** Long copy-ups: who need not wait for them, does not. */
@Tag("system")
class InterruptIT {
  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void interruptedCopyUpEndsAtOnceAndLeavesNothing(Union union) throws Exception {
    bigLowerFile(union);
    union.mount();

    assertThat(union.call("interrupted", "big", work(union))).isEqualTo("signal 2, at once");

    assertThat(new File(work(union)).list()).isEmpty();
    assertThat(union.upper().resolve("big")).doesNotExist();
    assertThat(union.run("stat -c %a big; echo x > other; cat other")).isEqualTo("644\nx\n");
    union.run("chmod 600 big; cmp big '" + union.lower() + "/big'");
    assertThat(new File(work(union)).list()).isEmpty();
    union.run("rm big"); // what follows reads the files
  }

  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void whoeverWaitsForAnInterruptedCopyUpGetsItDone(Union union) throws Exception {
    bigLowerFile(union);
    union.mount();

    assertThat(union.call("interrupted_with_waiter", "big", work(union)))
        .isEqualTo("signal 2, exit 0, 640");

    assertThat(new File(work(union)).list()).isEmpty();
    union.run("cmp big '" + union.lower() + "/big'; rm big");
  }

  @MountTest
  void handledSignalsEndNoCopyUp(Union union) throws Exception {
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "'; for i in 1 2 3 4 5; do head -c 128M /dev/zero | tr '\\0' a > $i; done; chmod 644 ?")
        .output();
    union.mount();

    for (String call : List.of("chmod 1 600", "truncate 2 127M", "rename 3 new", "open 4 b")) {
      String[] words = call.replace("127M", Long.toString(127L << 20)).split(" ", -1);
      assertThat(union.call("under_alarms", words[0], words[1], words[2]))
          .as(call)
          .isEqualTo("done, alarms came");
    }

    assertThat(new File(work(union)).list()).isEmpty();
    assertThat(union.run("stat -c '%a %s' 1 2 new 4"))
        .isEqualTo("600 134217728\n644 133169152\n644 134217728\n644 134217728\n");
    union.run("for i in 1 new 4; do cmp -i 1 $i 5; done; cmp -n 127M 2 5; rm 1 2 new 4 5");
  }

  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void fatalSignalAfterAHandledOneEndsTheCopyUp(Union union) throws Exception {
    bigLowerFile(union);
    union.mount();

    for (String signal : List.of("SIGKILL", "SIGTERM", "SIGQUIT")) {
      assertThat(union.call("handled_then", "big", work(union), signal))
          .as(signal)
          .endsWith(", at once")
          .startsWith("signal ");
      assertThat(new File(work(union)).list()).isEmpty();
    }
    assertThat(union.upper().resolve("big")).doesNotExist();
    union.run("rm big");
  }

  @MountTest
  void stoppedProgramGetsItsCopyUpDone(Union union) throws Exception {
    bigLowerFile(union);
    union.mount();

    assertThat(union.call("handled_then", "big", work(union), "SIGTSTP", "SIGSTOP", "SIGCONT"))
        .isEqualTo("exit 0");

    assertThat(union.run("stat -c %a big")).isEqualTo("600\n");
    union.run("cmp big '" + union.lower() + "/big'; rm big");
  }

  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void othersAreServedWhileDataWaitsForACopyUp(Union union) throws Exception {
    bigLowerFile(union);
    union.layers("lower d/cold file \"cold\"\nlower g file \"g\"").mount();

    String seen =
        union.run(
            """
            dd if=/dev/zero of=big bs=1M count=256 conv=notrunc status=none & writer=$!
            until [ $(du -sk '%1$s' | cut -f 1) -gt 65536 ]; do kill -0 $writer; done
            cat d/cold; echo more >> g; cat g; mkdir n; ls
            ls '%1$s' | wc -l
            wait $writer
            sync big
            """
                .formatted(work(union)));

    List<String> lines = seen.lines().toList();
    assertThat(lines.subList(0, lines.size() - 1))
        .containsExactly("coldgmore", "big", "d", "g", "n");
    assertThat(Integer.parseInt(lines.get(lines.size() - 1)))
        .as("copy still under way")
        .isPositive();
    assertThat(
            union.run(
                "cmp -n 256M big /dev/zero; cmp -i 256M big '"
                    + union.lower()
                    + "/big'; stat -c %s big"))
        .isEqualTo((2L << 30) + "\n");
    union.run("rm big");
  }

  /* The server is in a process namespace of its own, so the kernel does not tell it who asks. */
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void copyUpGoesOnWhateverHappensToAProgramThatTheServerCannotSee(Union union) throws Exception {
    bigLowerFile(union);
    String script =
        """
        cd ..
        mkfifo end; exec 9<>end
        unshare --pid --fork --kill-child sh -c "$MOUNT; read -r _ <&9" & server=$!
        until mountpoint -q mnt; do kill -0 $server; done
        cd mnt
        python3 "$CALLS" handled_then big ../work/work SIGKILL | cut -d , -f 1
        cd ..
        stat -c %a mnt/big
        umount mnt
        echo >&9
        wait $server
        """;
    String mount =
        String.join(" ", union.bareCommand())
            + " --lower lower --upper upper --work work --log-file server.log mnt";

    String said =
        Command.of(
                Account.ROOT,
                "env",
                "MOUNT=" + mount,
                "CALLS=" + union.calls(),
                "bash",
                "-euc",
                script)
            .in(union.point())
            .output();

    assertThat(said).isEqualTo("signal 9\n600\n");
    assertThat(union.upper().resolve("big")).hasSize(2L << 30);
    Command.script(union.account(), "rm '" + union.upper() + "/big'").output();
  }

  private static void bigLowerFile(Union union) throws Exception {
    // written out first, so that the copy is not slowed down by it
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "'; head -c 2G /dev/zero | tr '\\0' a > big; chmod 644 big; sync big")
        .output();
  }

  private static String work(Union union) {
    return union.work() + "/work";
  }
}
