package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

class LifeCycleIT {
  private static final long PATIENCE_SECONDS = 30;
  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static Process foreground(Union union) throws Exception {
    Files.createFile(union.log());
    Command.of(Account.ROOT, "chmod", "666", union.log().toString()).output();
    Process server =
        Command.of(
                union.account(),
                Tool.mount(),
                "-f",
                "--lower",
                union.lower().toString(),
                "--upper",
                union.upper().toString(),
                "--work",
                union.work().toString(),
                union.point().toString())
            .start(union.log().toFile(), union.log().toFile());
    Union.await("mounted", union::isMounted);
    return server;
  }

  @MountTest
  void mountTableShowsTypeAndSource(Union union) throws Exception {
    union.layers("lower f file \"\"").mount("-o", "fsname=my\\,union,,nosuid");

    String line =
        Command.script(union.account(), "grep ' " + union.point() + " ' /proc/mounts").output();

    assertThat(line).startsWith("my,union " + union.point() + " fuse.unionfs-mount rw,nosuid");
  }

  @MountTest
  void umountEndsTheServerAndFreesTheUpper(Union union) throws Exception {
    union.layers("lower f file \"\"").mount();
    for (int i = 0; i < 3; i++) {
      if (union.isRoot()) {
        Command.of(Account.ROOT, "umount", union.point().toString()).output();
      } else {
        Command.of(Account.USER, "fusermount3", "-u", union.point().toString()).output();
      }
      union.mount(); // waits for the server before to let go
    }
  }

  /* umount(2) does not wait for a server, and that another union is in view says nothing. */
  @MountTest(variants = Variant.KERNEL, accounts = Account.ROOT)
  void mountWaitsForTheServerBeforeBesideAnotherUnion(Union union) throws Exception {
    union.layers("lower f file \"\"").mount();
    Path other = Files.createDirectory(union.home().resolve("other"));
    Command.of(Account.ROOT, Tool.mount(), "--lower", union.lower().toString(), other.toString())
        .output();
    ProcessHandle server = union.server();
    try {
      Command.script(
              Account.ROOT,
              "stat '"
                  + union.point()
                  + "' > /dev/null; kill -STOP "
                  + server.pid()
                  + "; umount -c '"
                  + union.point()
                  + "'")
          .output();
      Process next =
          Command.of(
                  Account.ROOT,
                  Tool.mount(),
                  "--lower",
                  union.lower().toString(),
                  "--upper",
                  union.upper().toString(),
                  "--work",
                  union.work().toString(),
                  union.point().toString())
              .start(new File("/dev/null"), union.log().toFile());
      long start = System.nanoTime();
      Union.await(
          "it waits longer than for an upper that is in use",
          () -> !next.isAlive() || System.nanoTime() - start > WAIT_NANOS);
      assertThat(next.isAlive()).as(() -> union.log() + " tells why").isTrue();
      Command.of(Account.ROOT, "kill", "-CONT", Long.toString(server.pid())).output();

      assertThat(next.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(next.exitValue()).isZero();
      assertThat(union.isMounted()).isTrue();
    } finally {
      Command.of(Account.ROOT, "kill", "-CONT", Long.toString(server.pid())).run();
      Command.of(Account.ROOT, Tool.unionfs(), "umount", other.toString()).output();
    }
  }

  @MountTest
  void startLetsGoOfTheCallersStreamsAndDirectory(Union union) throws Exception {
    union.layers("lower f file \"\"");

    Command.script(
            union.account(),
            "cd '"
                + union.home()
                + "'; said=$('"
                + Tool.mount()
                + "' --lower lower --upper upper --work work mnt 2>&1 | cat); test -z \"$said\"")
        .output();

    ProcessHandle server =
        ProcessHandle.allProcesses()
            .filter(process -> isServerOf(process.pid(), union.home()))
            .findFirst()
            .orElseThrow();
    assertThat(Files.readSymbolicLink(Path.of("/proc/" + server.pid() + "/cwd")))
        .isEqualTo(Path.of("/"));
    Command.of(union.account(), Tool.unionfs(), "umount", union.point().toString()).output();
    assertThat(isServerOf(server.pid(), union.home())).isFalse();
  }

  private static boolean isServerOf(long pid, Path home) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"))
          .contains("-Dunionfs.startedIn=" + home + "\0");
    } catch (java.io.IOException e) {
      return false; // ended meanwhile
    }
  }

  @MountTest
  void busyMountIsNotUnmountedButCanBeDetached(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();
    Path fifo = union.home().resolve("fifo");
    Command.of(union.account(), "mkfifo", fifo.toString()).output();
    Process user =
        Command.script(union.account(), "exec 3<f; read line < '" + fifo + "'; cat <&3")
            .in(union.point())
            .start(union.home().resolve("out").toFile(), new File("/dev/null"));
    Union.await("open", () -> hasOpen(user, union.point()));

    Command.Result refused =
        Command.of(union.account(), Tool.unionfs(), "umount", union.point().toString()).run();
    assertThat(refused.status()).isEqualTo(1);
    assertThat(refused.err().toLowerCase(java.util.Locale.ROOT)).containsAnyOf("in use", "busy");
    Command.of(union.account(), Tool.unionfs(), "umount", "--lazy", union.point().toString())
        .output();
    assertThat(union.isMounted()).isFalse();
    Files.writeString(fifo, "go on\n");
    assertThat(user.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();

    assertThat(union.home().resolve("out")).hasContent("text");
    Union.await("the server ends", () -> !union.hasServer());
  }

  private static boolean hasOpen(Process user, Path point) {
    return user.descendants().count() + 1 > 0
        && java.util.stream.Stream.concat(
                java.util.stream.Stream.of(user.toHandle()), user.descendants())
            .anyMatch(process -> isOpen(process.pid(), point));
  }

  private static boolean isOpen(long pid, Path point) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/" + pid + "/fd/3")).equals(point.resolve("f"));
    } catch (java.io.IOException e) {
      return false; // not yet
    }
  }

  @MountTest
  void killedServerLeavesGoodLayersAndAMountPointThatCanBeUsedAgain(Union union) throws Exception {
    union.layers("lower d/f file \"lower\"\nlower g file \"g\"").mount();
    union.run("echo changed > d/f; rm g; mkdir new; sync d/f");
    union.server().destroyForcibly();
    Union.await("the server is gone", () -> !union.hasServer());

    union.mount();

    assertThat(union.run("cat d/f; ls")).isEqualTo("changed\nd\nnew\n");
  }

  @MountTest(accounts = Account.ROOT)
  void whatIsMountedInADeadUnionIsNotTakenAwayWithIt(Union union) throws Exception {
    union.layers("lower d dir").mount();
    String below = union.point() + "/d";
    Command.script(Account.ROOT, "mount -t tmpfs below '" + below + "'").output();
    try {
      Command.script(Account.ROOT, "echo kept > '" + below + "/f'").output();
      union.server().destroyForcibly();
      Union.await("the server is gone", () -> !union.hasServer());

      Command.Result refused =
          Command.of(
                  Account.ROOT,
                  Tool.mount(),
                  "--lower",
                  union.lower().toString(),
                  union.point().toString())
              .run();
      assertThat(refused.status()).isEqualTo(1);
      assertThat(refused.err()).contains("unmount " + below + ", which is mounted in it");
      assertThat(Command.script(Account.ROOT, "grep -c ' " + below + " ' /proc/mounts").output())
          .isEqualTo("1\n");
    } finally {
      Command.script(Account.ROOT, "umount '" + below + "'").output();
    }
    union.mount();
    assertThat(union.run("ls")).isEqualTo("d\n");
  }

  @MountTest
  void termUnmountsCleanly(Union union) throws Exception {
    union.layers("lower f file \"\"").mount();
    union.run("touch f");

    union.server().destroy();

    Union.await("the server ends", () -> !union.hasServer());
    assertThat(union.isMounted()).isFalse();
  }

  @MountTest
  void interruptOfAServerInTheForegroundUnmounts(Union union) throws Exception {
    union.layers("lower f file \"\"");
    Process server = foreground(union);

    Command.of(union.account(), "kill", "-INT", Long.toString(server.pid())).output();

    assertThat(server.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(union.isMounted()).isFalse();
    assertThat(union.log()).hasContent("");
  }

  @MountTest
  void foregroundEndsWithSuccessWhenItIsUnmounted(Union union) throws Exception {
    union.layers("lower f file \"\"");
    Process server = foreground(union);

    Command.of(union.account(), Tool.unionfs(), "umount", union.point().toString()).output();

    assertThat(server.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(server.exitValue()).isZero();
  }

  @MountTest
  void readOnlyUnionRefusesChanges(Union union) throws Exception {
    union.layers("lower f file \"text\"");
    Command.of(
            union.account(),
            Tool.mount(),
            "-o",
            "lowerdir=" + union.lower(),
            union.point().toString())
        .output();

    assertThat(union.run("cat f")).isEqualTo("text");
    assertThat(union.attempt("echo x > f").err()).contains("Read-only file system");
    assertThat(union.attempt("touch g").err()).contains("Read-only file system");
    assertThat(
            Command.of(union.account(), "findmnt", "-no", "OPTIONS", union.point().toString())
                .output())
        .startsWith("ro,");
    Command.of(union.account(), Tool.unionfs(), "umount", union.point().toString()).output();
  }

  @MountTest
  void serverMayOpenAsManyFilesAsItsLimitAllowsAndIsSparedWhenMemoryRunsOut(Union union)
      throws Exception {
    union.layers("lower f file \"text\"").limit("--nofile=100:3000");
    union.mount();

    Path server = Path.of("/proc/" + union.server().pid());
    assertThat(Files.readString(server.resolve("limits")))
        .containsPattern("Max open files +3000 +3000 ");
    String allowed =
        "[ $(cat /proc/$$/oom_score_adj) != 0 ] || echo -990 > /proc/$$/oom_score_adj || true; cat /proc/$$/oom_score_adj";
    assertThat(Files.readString(server.resolve("oom_score_adj")))
        .isEqualTo(Command.script(union.account(), allowed).output());
  }

  @MountTest
  void defaultWorkDirectoryGoesAwayWithTheMount(Union union) throws Exception {
    union.layers("lower f file \"text\"");
    String[] mount = {
      Tool.mount(),
      "--lower",
      union.lower().toString(),
      "--upper",
      union.upper().toString(),
      union.point().toString()
    };
    Command.of(union.account(), mount).output();
    union.run("echo x >> f; rm f");
    Command.of(union.account(), Tool.unionfs(), "umount", union.point().toString()).output();

    assertThat(Command.script(Account.ROOT, "cd '" + union.home() + "'; ls -A . upper").output())
        .doesNotContain("unionfs-work");
  }

  @MountTest(accounts = Account.ROOT)
  void upperBelowALowerIsAbsentAndMountsInALayerAreNotPartOfIt(Union union) throws Exception {
    union.layers("lower etc/f file \"text\"\nlower var/c dir\nlower sub/under file \"covered\"");
    String lower = union.lower().toString();
    union.incomparable("the upper is inside the lower");
    Command.script(
            Account.ROOT,
            "mount -t tmpfs none '" + lower + "/sub'; echo m > '" + lower + "/sub/mounted'")
        .output();
    try {
      Command.of(
              Account.ROOT,
              Tool.mount(),
              "--lower",
              lower,
              "--upper",
              lower + "/var/c",
              union.point().toString())
          .output();
      assertThat(union.run("ls -A var sub; echo x > etc/f; cat etc/f; ls -A var"))
          .isEqualTo("sub:\nunder\n\nvar:\nx\n");
      Command.of(Account.ROOT, Tool.unionfs(), "umount", union.point().toString()).output();
      assertThat(Path.of(lower, "var/c/etc/f")).hasContent("x");
    } finally {
      Command.of(Account.ROOT, "umount", lower + "/sub").output();
    }
  }

  @MountTest
  void mountPointInsideALayerIsAnEmptyDirectory(Union union) throws Exception {
    union.layers("lower mp/x file \"hidden\"\nlower f file \"text\"");
    Path point = union.lower().resolve("mp");
    Command.of(
            union.account(),
            Tool.mount(),
            "--lower",
            union.lower().toString(),
            "--upper",
            union.upper().toString(),
            point.toString())
        .output();
    try {
      String shown =
          Command.script(union.account(), "ls -A . mp; cat f; stat -c %F mp").in(point).output();
      assertThat(shown).startsWith(".:\nf\nmp\n").endsWith("textdirectory\n");
    } finally {
      Command.of(union.account(), Tool.unionfs(), "umount", point.toString()).output();
    }
  }

  @MountTest(variants = {Variant.KERNEL, Variant.JNR_FUSE})
  void hangupIsIgnored(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();

    Command.of(union.account(), "kill", "-HUP", Long.toString(union.server().pid())).output();

    assertThat(union.run("cat f")).isEqualTo("text");
    assertThat(Files.readString(Path.of("/proc/" + union.server().pid() + "/status")))
        .containsPattern("SigIgn:\t[0-9a-f]*[13579bdf]\n"); // signal 1 is the lowest bit
  }

  /* Not by the lock alone: nothing of the server's is left on the file system, and it can go at once. */
  @MountTest(accounts = Account.ROOT)
  void fileSystemsOfTheLayersAreFreeWhenUmountReturns(Union union) throws Exception {
    union.layers("lower f file \"text\"");
    Path memory = Files.createDirectory(union.home().resolve("memory"));
    String round =
        "mount -t tmpfs layers '%s'; cd '%s'; mkdir lower upper work; echo text > lower/f; "
                .formatted(memory, memory)
            + String.join(" ", union.bareCommand())
            + " --lower lower --upper upper --work work '%s'; echo more >> '%s/f'; cd /; "
                .formatted(union.point(), union.point())
            + "'%s' umount '%s'; umount '%s'".formatted(Tool.unionfs(), union.point(), memory);

    for (int i = 0; i < 3; i++) {
      Command.script(Account.ROOT, round).output();
    }
  }
}
