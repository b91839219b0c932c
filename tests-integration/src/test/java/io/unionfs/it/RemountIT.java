package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

/** Other flags for a union that is mounted. */
class RemountIT {
  private static Command.Result remount(Union union, String words) throws Exception {
    return Command.of(
            Account.ROOT, Tool.unionfs(), "remount", "-o", words, union.point().toString())
        .run();
  }

  private static String options(Union union) throws Exception {
    return Command.of(Account.ROOT, "findmnt", "-no", "OPTIONS", union.point().toString()).output();
  }

  @MountTest(accounts = Account.ROOT)
  void mountIsMadeReadOnlyAndWritableAgain(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount("-o", "nosuid,noatime");

    union.run("echo written > f");
    remount(union, "ro").expectSuccess();
    assertThat(options(union)).startsWith("ro,nosuid,").contains("noatime");
    assertThat(union.attempt("echo more >> f").err()).contains("Read-only file system");
    assertThat(union.run("cat f")).isEqualTo("written\n");

    remount(union, "rw,noexec,suid").expectSuccess();
    assertThat(options(union)).startsWith("rw,").contains("noexec").doesNotContain("nosuid");
    assertThat(union.run("echo more >> f; cat f")).isEqualTo("written\nmore\n");
  }

  /* As mount(8) calls: source and mount point, and no layers. */
  @MountTest(accounts = Account.ROOT)
  void programIsCalledByMountToRemount(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();

    Command.of(
            Account.ROOT,
            Tool.mount(),
            "unionfs",
            union.point().toString(),
            "-o",
            "rw,remount,ro,relatime,user_id=0,group_id=0,allow_other,dev,suid")
        .output();

    assertThat(options(union)).startsWith("ro,");
    assertThat(union.attempt("touch g").err()).contains("Read-only file system");
  }

  /* mount(8) looks for the program in the usual places only, so it has to be there. */
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void mountFindsTheProgramAndRemounts(Union union) throws Exception {
    union.layers("lower f file \"text\"");
    String options = "lowerdir=" + union.lower() + ",upperdir=" + union.upper();
    String mount =
        "mount -t fuse.unionfs-mount -o nosuid," + options + " base '" + union.point() + "'";
    String script =
        "set -e; mount -t tmpfs none /usr/local/sbin; ln -s '"
            + Tool.mount()
            + "' /usr/local/sbin/unionfs-mount; "
            + mount
            + "; cd '"
            + union.point()
            + "'; echo more >> f; mount -o remount,ro . ; touch g 2>&1 || mount -o remount,rw .; touch g;"
            + " ls; findmnt -no SOURCE,FSTYPE,OPTIONS .; cd /; umount '"
            + union.point()
            + "'";

    String said = Command.of(Account.ROOT, "unshare", "--mount", "sh", "-c", script).output();

    assertThat(said)
        .contains("Read-only file system\nf\ng\nbase")
        .contains(" fuse.unionfs-mount rw,nosuid,");
    assertThat(Command.of(Account.ROOT, "cat", union.upper() + "/f").output())
        .isEqualTo("textmore\n");
  }

  @MountTest(accounts = Account.ROOT)
  void mountThatIsWrittenToIsBusy(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();
    String busy =
        "exec 3>>f; '"
            + Tool.unionfs()
            + "' remount -o ro . && exit 9; echo more >&3; exec 3>&-; cat f";

    Command.Result said = union.attempt(busy);

    assertThat(said.err()).contains("a program has a file open for writing");
    assertThat(said.out()).isEqualTo("textmore\n");
  }

  @MountTest(accounts = Account.ROOT)
  void unionWithoutAnUpperStaysReadOnly(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount("--ro");

    Command.Result said = remount(union, "rw");

    assertThat(said.status()).isEqualTo(1);
    assertThat(said.err()).contains("cannot be made writable");
    assertThat(options(union)).startsWith("ro,");
  }

  /* mount(8) says rw unless it is told otherwise. */
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void mountThatSaysRwLeavesAUnionWithoutAnUpperReadOnly(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount("--ro");

    Command.Result said =
        Command.of(
                Account.ROOT,
                Tool.mount(),
                "none",
                union.point().toString(),
                "-o",
                "rw,remount,noexec")
            .run();

    assertThat(said.status()).as(said.err()).isZero();
    assertThat(said.err()).contains("cannot be made writable");
    assertThat(options(union)).startsWith("ro,").contains("noexec");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void accessTimesAndTheMountsOwnFlagAreKeptOrChangedAsAsked(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount("-o", "noatime");

    remount(union, "atime").expectSuccess();
    assertThat(options(union)).contains("relatime").doesNotContain("noatime");
    Command.of(Account.ROOT, "mount", "-i", "-o", "bind,remount,ro", union.point().toString())
        .output();
    remount(union, "noexec").expectSuccess();
    assertThat(options(union)).startsWith("ro,").contains("noexec");
  }

  @MountTest(variants = Variant.KERNEL)
  void whatCannotBeDoneIsRefused(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();

    assertThat(remount(union, "lowerdir=/tmp").status()).isEqualTo(2);
    Command.Result elsewhere =
        Command.of(Account.ROOT, Tool.unionfs(), "remount", "-o", "ro", "/proc").run();
    assertThat(elsewhere.status()).isEqualTo(1);
    assertThat(elsewhere.err()).contains("/proc: no union is mounted there");
    if (!union.isRoot()) {
      Command.Result said =
          Command.of(
                  union.account(), Tool.unionfs(), "remount", "-o", "ro", union.point().toString())
              .run();
      assertThat(said.status()).isEqualTo(1);
      assertThat(said.err()).contains("only root");
    }
  }
}
