package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/** What the kernel keeps for a while must come out as if it had not. */
class WritebackIT {
  private static final String STATE = "find . -type f -printf '%P %s %T@\\n' | sort";

  @MountTest
  void timesStayWhenTheKernelForgets(Union union) throws Exception {
    union.layers("lower a file \"a\"\nlower b file \"b\"\nlower c file \"long enough\"").mount();

    union.run(
        """
        for i in $(seq 30); do echo $i > n$i; done
        echo more >> a
        exec 3>>b; echo more >&3; touch -d '2001-02-03 04:05:06.789' b; exec 3>&-
        head -c 3M /dev/urandom > big; cp -p big copy; touch -d @1 big
        """);
    union.call("mapped", "c", "map");
    String before = union.run(STATE);
    Union.dropCaches();
    assertThat(union.run(STATE)).isEqualTo(before);
    union.remount();
    assertThat(union.run(STATE)).isEqualTo(before);
    assertThat(union.run("stat -c %Y big; date -u -r b +%Y-%m-%d")).isEqualTo("1\n2001-02-03\n");
  }

  @MountTest
  void removedLowerFilesAreNotCopiedUp(Union union) throws Exception {
    union.layers("lower d/f file \"text\"\nlower d/g file \"text\"").mount();

    union.run("cat d/f; rm d/f d/g; ls d");
    Union.dropCaches();

    assertThat(
            Command.script(Account.ROOT, "find '" + union.upper() + "' -type f | wc -l").output())
        .isEqualTo("0\n");
    assertThat(Files.readString(union.log(), StandardCharsets.ISO_8859_1))
        .doesNotContain("copied up");
  }

  @MountTest
  void timesOfChangesPastTheCacheStayWhenTheKernelForgets(Union union) throws Exception {
    union.layers("lower d/x file \"\"").mount();

    union.call("past_the_cache", "d", "200");
    String before = union.run(STATE);
    Union.dropCaches();
    assertThat(union.run(STATE)).isEqualTo(before);
    union.remount();
    assertThat(union.run(STATE)).isEqualTo(before);
  }

  @MountTest
  void truncatedFilesStayEmpty(Union union) throws Exception {
    union.layers("lower f file \"lower\"\nupper g file \"upper\"").mount();

    union.run(": > f; : > g; echo kept > h; truncate -s 2 h");
    Union.dropCaches();
    assertThat(union.run("stat -c %s f g h")).isEqualTo("0\n0\n2\n");
    union.remount();
    assertThat(union.run("stat -c %s f g h; cat h")).isEqualTo("0\n0\n2\nke");
  }

  @MountTest
  void syncedDataSurvivesTheServer(Union union) throws Exception {
    union.layers("lower f file \"lower\"").mount();

    union.run("echo new >> f; head -c 2M /dev/zero > n; sync f n; mv n m");
    union.server().destroyForcibly();
    Union.await("the server ends", () -> !union.hasServer());
    Command.of(union.account(), Tool.unionfs(), "umount", union.point().toString()).output();
    union.mount();

    assertThat(union.run("cat f; stat -c %s m; ls")).isEqualTo("lowernew\n2097152\nf\nm\n");
  }

  @MountTest(variants = {Variant.KERNEL, Variant.JNR_FUSE})
  void withoutWriteBackEveryWriteReachesTheUpperAtOnce(Union union) throws Exception {
    union.layers("lower f file \"lower\"").mount("--no-writeback");

    union.run("exec 3>>f; echo more >&3; grep -q more '" + union.upper() + "/f'");
  }

  @MountTest(accounts = Account.ROOT)
  void fullUpperIsToldAndHarmsNoOther(Union union) throws Exception {
    union.layers("lower l file \"low\\n\"");
    Command.script(
            Account.ROOT,
            "cd '"
                + union.home()
                + "'; mount -t tmpfs -o size=4m none upper; mkdir upper/u upper/w")
        .output();
    union.incomparable("the upper is a directory of its own");
    try {
      List<String> mount = new ArrayList<>(List.of(Tool.mount()));
      mount.addAll(union.variant().options());
      mount.addAll(List.of("--lower", union.lower().toString()));
      mount.addAll(List.of("--upper", union.upper() + "/u", "--work", union.upper() + "/w"));
      mount.add(union.point().toString());
      Command.of(Account.ROOT, mount.toArray(String[]::new)).output();
      union.run("echo kept > k; sync k; exec 3>>k; echo unsynced >&3; : > n");

      assertThat(union.call("filled", "n", "8")).startsWith("ENOSPC");
      assertThat(union.attempt("head -c 8M /dev/zero > m").err()).contains("No space left");
      union.run("rm n m");
      Union.dropCaches();

      assertThat(union.run("cat k l; echo x >> l; cat l; ls"))
          .isEqualTo("kept\nunsynced\nlow\nlow\nx\nk\nl\n");
    } finally {
      Command.of(Account.ROOT, Tool.unionfs(), "umount", union.point().toString()).output();
      Command.of(Account.ROOT, "umount", union.upper().toString()).output();
    }
  }
}
