package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;

/** Mounts of those who may not mount, or not everything. */
class PermissionIT {
  private static String options(Union union) throws Exception {
    return Command.script(
            union.account(),
            "grep ' " + union.point() + " ' /proc/self/mountinfo | sed 's/.* - //'")
        .output();
  }

  @MountTest
  void othersMayUseTheMountOfRootOnly(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();

    assertThat(options(union).contains("allow_other")).isEqualTo(union.isRoot());
    assertThat(options(union)).contains("default_permissions");
    Account other = union.isRoot() ? Account.USER : Account.ROOT;
    assertThat(Command.of(other, "cat", union.point() + "/f").run().status() == 0)
        .isEqualTo(union.isRoot());
  }

  /* Beside the mount, in a namespace of its own, which the test changes as it likes. */
  private static Command.Result asUserWhere(Union union, String change, String environment)
      throws Exception {
    String mount =
        "%s --lower '%s' --upper '%s' --work '%s' '%s'"
            .formatted(
                String.join(" ", union.bareCommand()),
                union.lower(),
                union.upper(),
                union.work(),
                union.point());
    String script =
        change
            + "; exec "
            + String.join(" ", Account.USER.prefix())
            + " env "
            + environment
            + " "
            + mount;
    return Command.of(Account.ROOT, "unshare", "--mount", "bash", "-euc", script).run();
  }

  private static void says(Union union, String change, String... parts) throws Exception {
    Command.Result said = asUserWhere(union, change, "");
    assertThat(said.err()).contains(parts).hasLineCount(1);
    assertThat(said.status()).isEqualTo(1);
    assertThat(union.isMounted()).isFalse();
  }

  private static final String HIDE_DEVICE =
      "mount -t tmpfs none /dev; mknod -m 666 /dev/null c 1 3";

  @MountTest(accounts = Account.USER)
  void messageSaysWhichRightIsMissing(Union union) throws Exception {
    org.junit.jupiter.api.Assumptions.assumeTrue(Account.isRoot(), "not root");
    union.layers("lower f file \"text\"");
    Path plain = union.home().resolve("plain");

    says(union, HIDE_DEVICE, "/dev/fuse is missing", "--device /dev/fuse");
    says(
        union,
        HIDE_DEVICE + "; mknod -m 600 /dev/fuse c 10 229",
        "no permission to open /dev/fuse",
        "chmod 666");
    says(
        union,
        "cp /usr/bin/fusermount3 '%s'; chmod 755 '%s'; mount --bind '%s' /usr/bin/fusermount3; "
                .formatted(plain, plain, plain)
            + NO_OLD,
        "is not set-uid root",
        "chmod 4755");
  }

  /* Where fuse 2 is installed, its program stands beside the other, or is a link to it. */
  private static final String NO_OLD =
      "[ ! -e /usr/bin/fusermount ] || [ -h /usr/bin/fusermount ] || mount --bind /usr/bin/fusermount3 /usr/bin/fusermount";

  @MountTest(
      accounts = Account.USER,
      variants = {Variant.KERNEL, Variant.JNR_FUSE})
  void programOfFuse2Mounts(Union union) throws Exception {
    org.junit.jupiter.api.Assumptions.assumeTrue(Account.isRoot(), "not root");
    union.layers("lower f file \"text\"");
    String change =
        "mkdir '%s/bin'; mount -t tmpfs -o mode=755 none '%s/bin'; cp -p /usr/bin/fusermount3 '%s/bin/fusermount';"
                .formatted(union.home(), union.home(), union.home())
            + " : > '%s/bin/none'; mount --bind '%s/bin/none' /usr/bin/fusermount3"
                .formatted(union.home(), union.home());
    String mount = String.join(" ", Account.USER.prefix());

    String said =
        Command.of(
                Account.ROOT,
                "unshare",
                "--mount",
                "bash",
                "-euc",
                change
                    + "; export PATH='%s/bin':$PATH; cd '%s'; "
                        .formatted(union.home(), union.home())
                    + mount
                    + " "
                    + String.join(" ", union.bareCommand())
                    + " --lower lower --upper upper --work work mnt; "
                    + mount
                    + " sh -c 'cat mnt/f; echo; echo more >> mnt/f; cat upper/f; fusermount -u mnt'")
            .output();

    assertThat(said).isEqualTo("text\ntextmore\n");
  }

  /* What kernel overlayfs does in the same namespace is what is asked for. */
  @MountTest
  void ownerThatTheNamespaceLacksIsCopiedUpAsOverlayfsDoes(Union union) throws Exception {
    org.junit.jupiter.api.Assumptions.assumeTrue(Account.isRoot(), "not root");
    union.layers("lower d/other file \"text\"\nlower d/own file \"text\"");
    union.incomparable("both are compared in a namespace");
    Command.script(
            Account.ROOT,
            "cd '%s'; chown 12345:12345 lower/d/other; chmod 666 lower/d/other lower/d/own; mkdir kupper kwork kmnt; chown %d:%d kupper kwork kmnt"
                .formatted(union.home(), union.account().uid(), union.account().gid()))
        .output();
    String use =
        """
        import errno, os
        def outcome(call, *a):
            try:
                return call(*a)
            except OSError as e:
                return "refused" if e.errno in (errno.EACCES, errno.EPERM, errno.EOVERFLOW) else e
        def append(name):
            fd = os.open(name, os.O_WRONLY | os.O_APPEND)
            try:
                os.write(fd, b"more")
                os.fsync(fd)
            finally:
                os.close(fd)
        for name in ("d/other", "d/own"):
            print(name, os.lstat(name).st_uid, outcome(append, name), outcome(os.chmod, name, 0o600), outcome(os.rename, name, name + "2"))
        print(sorted(os.listdir("d")))
        """;
    String both =
        "cd '%s'; mount -t overlay overlay -o lowerdir=lower,upperdir=kupper,workdir=kwork,userxattr kmnt; %s --lower lower --upper upper --work work mnt; for m in kmnt mnt; do (cd $m; python3 -c \"$0\"; echo ==); done; umount kmnt; '%s' umount mnt"
            .formatted(union.home(), String.join(" ", union.bareCommand()), Tool.unionfs());
    List<String> line =
        new java.util.ArrayList<>(List.of("unshare", "--user", "--map-root-user", "--mount"));
    line.addAll(List.of("bash", "-euc", both, use));

    Command.Result said =
        Command.of(union.account(), line.toArray(String[]::new)).run().expectSuccess();

    String[] sides = said.out().split("==\n", -1);
    assertThat(sides[1]).isEqualTo(sides[0]);
  }
}
