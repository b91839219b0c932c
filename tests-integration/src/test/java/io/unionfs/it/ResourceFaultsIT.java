package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;

/** Disks that are full or broken, and a server with few descriptors or little memory. */
class ResourceFaultsIT {
  private static void lowers(Union union) throws Exception {
    StringBuilder picture = new StringBuilder();
    for (int i = 0; i < 9; i++) {
      picture.append("lower s").append(i).append(" file \"text ").append(i).append("\"\n");
    }
    union.layers(picture + "lower d/e/f file \"below\"\nlower emptydir dir 0755");
  }

  private static String outside(String script, LoopDisk disk) throws Exception {
    return Command.script(Account.ROOT, script).in(disk.point()).output();
  }

  private static void requireClean(Union union) throws Exception {
    assertThat(
            Command.script(Account.ROOT, "find '" + union.work() + "/work' -type f -o -type d")
                .output())
        .as("what is left in the work dir")
        .isEqualTo(union.work() + "/work\n");
  }

  /* After an error the tree is as it was; with room again, all goes on. */
  private static void failsAndGoesOn(Union union, LoopDisk disk, String full, String room)
      throws Exception {
    String before = Tree.of(union.account(), union.point());
    outside(full, disk);

    List<String> said = union.call("each_change").lines().toList();

    assertThat(said).allMatch(line -> line.endsWith(": ENOSPC"));
    Union.dropCaches();
    assertThat(Tree.of(union.account(), union.point())).isEqualTo(before);
    requireClean(union);
    outside(room, disk);
    said = union.call("each_change").lines().toList();
    assertThat(said).allMatch(line -> line.endsWith(": OK"));
    assertThat(union.run("cat s1 d/e/f s7; ls -A"))
        .isEqualTo(
            """
            text 1morebelowmoretext 6d
            new
            newdir
            newfifo
            newlink
            s0
            s1
            s2
            s3
            s4
            s4-linked
            s5-renamed
            s7
            """);
  }

  @MountTest
  void upperWithoutInodesFailsEachChangeAndLosesNothing(Union union) throws Exception {
    lowers(union);
    LoopDisk disk = LoopDisk.mount(union, "disk", 4, "-N 64");
    union.writeTo(disk);
    union.mount();

    failsAndGoesOn(
        union,
        disk,
        "mkdir full; i=0; while : 2>/dev/null > full/$((i += 1)); do :; done",
        "rm -r full");
  }

  @MountTest(accounts = Account.USER)
  void upperWithoutSpaceFailsWhatNeedsIt(Union union) throws Exception {
    lowers(union);
    LoopDisk disk = LoopDisk.mount(union, "disk", 4, "-b 1024 -O ^has_journal");
    union.writeTo(disk);
    union.mount();
    union.run("echo first > mine; mkdir there; sync mine");
    outside("dd if=/dev/zero of=full bs=1k status=none 2>&1 || true; sync", disk);

    assertThat(union.call("close_error", "mine", "x".repeat(5000))).contains("ENOSPC");
    assertThat(union.attempt("mkdir -p there/new").err()).contains("No space left");
    assertThat(union.attempt("chmod 600 s0").err()).contains("No space left");
    assertThat(union.attempt("ln -s $(printf %0200d 0) there/link").err())
        .contains("No space left");
    Union.dropCaches();
    assertThat(union.run("head -n 1 mine; cat s0; ls -A there")).isEqualTo("first\ntext 0");
    requireClean(union);
    outside("rm full; sync", disk);
    union.run("echo more >> mine; mkdir there/new; chmod 600 s0; ln -s x there/link; sync mine");
    assertThat(union.run("stat -c %a s0; tail -n 1 mine; ls there"))
        .isEqualTo("600\nmore\nlink\nnew\n");
  }

  @MountTest(accounts = Account.ROOT)
  void brokenLowerFailsOnlyWhatLiesOnTheBrokenPart(Union union) throws Exception {
    LoopDisk disk = LoopDisk.mount(union, "lower", 32, "-b 4096 -O ^has_journal");
    union.layers("lower good file \"good\"\nlower d/good file \"good\"\nlower bad file \"\"");
    Command.script(
            union.account(),
            "cd '%s'; sync -f .; head -c 4M /dev/zero | tr '\\0' x > bad; ln bad bad2"
                .formatted(disk.point()))
        .output();
    disk.breakAt("bad");
    union.expectLog("removed without counting its other names");
    union.mount();

    assertThat(union.attempt("cat bad").err()).contains("Input/output error");
    assertThat(union.attempt("chmod 600 bad").err()).contains("Input/output error");
    assertThat(union.call("outcome_of_append", "bad2")).contains("EIO");
    assertThat(union.run("cat good d/good; echo more >> d/good; cat d/good"))
        .isEqualTo("goodgoodgoodmore\n");
    requireClean(union);
    assertThat(Command.script(Account.ROOT, "ls '" + union.upper() + "'").output())
        .isEqualTo("d\n");
    union.run("rm bad2; : > bad; stat -c %s bad; echo new > bad; cat bad");
    union.unmount();
  }

  @Tag("system")
  @MountTest
  void upperOverItsQuotaFailsWhatNeedsRoomAndLosesNothing(Union union) throws Exception {
    Needs.programs("mkfs.btrfs", "btrfs");
    lowers(union);
    LoopDisk disk = LoopDisk.mountWithQuota(union, "disk", 2);
    union.writeTo(disk);
    union.mount();
    union.run("echo first > mine; sync mine");
    String before = Tree.of(union.account(), union.point());
    outside(
        "dd if=/dev/zero of=fill bs=16k conv=fsync status=none 2>/dev/null || true; sync;"
            + " for i in $(seq 1000); do mkdir d$i 2>/dev/null || exit 0; done; echo no end",
        disk);

    List<String> said = union.call("each_change").lines().toList();

    assertThat(said).allMatch(line -> line.endsWith(": EDQUOT"));
    Union.dropCaches();
    assertThat(Tree.of(union.account(), union.point())).isEqualTo(before);
    requireClean(union);
    // close(2) may only say EIO for it
    assertThat(union.call("close_error", "mine", "x".repeat(50_000)))
        .contains("EDQUOT")
        .doesNotContain("ENOSPC");
    disk.allowAnySize();
    assertThat(union.call("each_change").lines()).allMatch(line -> line.endsWith(": OK"));
    assertThat(union.run("head -n 1 mine; cat s1 d/e/f")).isEqualTo("first\ntext 1morebelowmore");
  }

  @Tag("system")
  @MountTest(accounts = Account.ROOT)
  void upperWithWriteErrorsTellsOfThemAndLosesNothingThatWasSynced(Union union) throws Exception {
    lowers(union);
    Command.script(Account.ROOT, "head -c 2M /dev/urandom > '%s/large'".formatted(union.lower()))
        .output();
    LoopDisk disk = LoopDisk.mountThin(union, "disk", 8, "-O ^has_journal");
    union.writeTo(disk);
    union.mount();
    union.run("echo synced > mine; sync mine .");
    disk.failWrites();

    assertThat(union.call("close_error", "large", "x")).containsPattern("ENOSPC|EIO");
    assertThat(union.attempt("chmod 600 large").status()).isNotZero();
    requireClean(union);
    Union.dropCaches();
    assertThat(
            union.run(
                "head -n 1 mine; cat s7; stat -c %a large; cmp large '"
                    + union.lower()
                    + "/large'"))
        .isEqualTo("synced\ntext 7644\n");
    disk.allowWrites();
    assertThat(union.call("close_error", "large", "x")).isEqualTo("OK OK OK");
    Union.dropCaches();
    assertThat(union.run("tail -c 1 large; cat mine")).isEqualTo("xsynced\n");
    union.unmount(); // what the file system under it lost is its own affair
  }

  private static void manyDirectories(Union union, int count) throws Exception {
    Command.script(
            union.account(),
            "cd '%s'; for i in $(seq 0 %d); do mkdir f$i; printf $i > f$i/f; done"
                .formatted(union.lower(), count - 1))
        .output();
  }

  @MountTest(accounts = Account.ROOT)
  void fewDescriptorsAreEnoughForManyOpenFiles(Union union) throws Exception {
    manyDirectories(union, 200);
    union.limit("--nofile=128:128");
    union.mount();

    assertThat(union.run("find . -type f | wc -l; cat f*/f | wc -c")).isEqualTo("200\n490\n");
    assertThat(union.call("read_and_write_open", "200")).isEqualTo("0 wrong");
    assertThat(union.run("cat f7/f f199/f; ls -lR | grep -c ' f$'")).isEqualTo("new 7new 199200\n");
    // files without a name cannot be opened again, so there is an end to them
    assertThat(union.call("removed_while_open", "300")).isIn("EMFILE", "");
    assertThat(union.run("cat f7/f; echo x > y; rm -rf f* gone*; ls")).isEqualTo("new 7y\n");
  }

  private static void littleMemory(Union union, int count) throws Exception {
    manyDirectories(union, 20);
    union.environment("JAVA_TOOL_OPTIONS", "-Xmx16m");
    union.mount();
    String files = "seq -f n%.0f-" + "n".repeat(200) + " " + count;

    union.run(files + " | xargs touch; " + files + " | sed 's/^/f3\\//' | xargs touch");

    assertThat(union.run("ls -f | grep -c ^n; ls f3 | wc -l; cat f19/f"))
        .isEqualTo(count + "\n" + (count + 1) + "\n19");
    union.run("rm -r f3; find . -name 'n*' -delete; ls -A | wc -l");
  }

  @MountTest(accounts = Account.USER)
  void littleMemoryIsEnoughForManyFiles(Union union) throws Exception {
    littleMemory(union, 500);
  }

  @Tag("system")
  @MountTest
  void littleMemoryIsEnoughForVeryManyFiles(Union union) throws Exception {
    littleMemory(union, 30_000);
  }
}
