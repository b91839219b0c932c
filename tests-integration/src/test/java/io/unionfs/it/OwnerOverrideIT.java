package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Owners, modes and types that layers keep in xattrs, with fuse-overlayfs on the other side. */
class OwnerOverrideIT {
  private static final String REASON = "the kernel's overlayfs does not read these xattrs";
  private static final String OWNERS =
      "find . -mindepth 1 ! -type l ! -name '.wh.*' -printf '%P|%y|%m|%U:%G\\n' | LC_ALL=C sort";

  /** What an account may do to its own files, and to those of others. */
  private static String changes(Union union) {
    String own = "echo more >> d/f; chmod 0750 d/f; mkdir d/n; touch d/g; chmod 0 d/g";
    return union.isRoot()
        ? own
            + "; chown 1000:1001 d/f; chmod 4751 d/f; chown 7:8 d/n; chmod 2711 d/n; chown 9:10 d/g"
            + "; touch d/h; chown 1000:1000 d/h"
        : own;
  }

  private static Path fuseOverlayfs(Union union, String options) throws Exception {
    Path point = Files.createDirectory(union.home().resolve("theirs"));
    Command.of(Account.ROOT, "chown", owner(union), point.toString()).output();
    Command.script(
            union.account(),
            "fuse-overlayfs -o '" + options + "' '" + point + "' > /dev/null 2>&1 < /dev/null")
        .run()
        .expectSuccess();
    return point;
  }

  private static void end(Path point) throws Exception {
    Command.of(Account.ROOT, "umount", point.toString()).run().expectSuccess();
  }

  private static String owner(Union union) {
    return union.account().uid() + ":" + union.account().gid();
  }

  private static void mark(Union union, String path, String value) throws Exception {
    Command.of(
            union.account(),
            "setfattr",
            "-n",
            "user.containers.override_stat",
            "-v",
            value,
            union.lower().resolve(path).toString())
        .output();
  }

  @MountTest
  void layerOfFuseOverlayfsShowsItsOwners(Union union) throws Exception {
    union.layers("base d/f file \"text\"").incomparable(REASON);
    Path work = Files.createDirectory(union.home().resolve("their-work"));
    Command.of(Account.ROOT, "chown", owner(union), work.toString()).output();
    Path theirs =
        fuseOverlayfs(
            union,
            "lowerdir="
                + union.home().resolve("base")
                + ",upperdir="
                + union.lower()
                + ",workdir="
                + work
                + ",xattr_permissions=2");
    String expected;
    try {
      Command.script(union.account(), changes(union)).in(theirs).output();
      expected = Command.script(union.account(), OWNERS).in(theirs).output();
    } finally {
      end(theirs);
    }
    union.mount("--xattr-permissions", "2");

    assertThat(union.run(OWNERS)).isEqualTo(expected);
    if (union.isRoot()) { // fuse-overlayfs 1.10 makes root the owner of what a user chmods
      union.run("chmod u-x d/n");
      union.remount();
      assertThat(union.run("stat -c %a:%u d/n")).isEqualTo("2611:0\n");
    }
    union.unmount(); // a user cannot read what fuse-overlayfs gave to root
  }

  @MountTest
  void ourUpperIsReadByFuseOverlayfs(Union union) throws Exception {
    union.layers("lower d/f file \"text\"").incomparable(REASON);
    union.mount("--xattr-permissions", "2");
    union.run(changes(union));
    String expected = union.run(OWNERS);
    union.unmount();
    Path theirs = fuseOverlayfs(union, "lowerdir=" + union.upper() + ":" + union.lower());
    try {
      assertThat(Command.script(union.account(), OWNERS).in(theirs).output()).isEqualTo(expected);
    } finally {
      end(theirs);
    }
  }

  @MountTest(accounts = Account.ROOT)
  void ownersAndDevicesAreKeptOverCopyUpRenameAndRemount(Union union) throws Exception {
    union.layers("lower d/f file \"text\"").incomparable(REASON);
    union.mount("--xattr-permissions", "2");
    union.run(
        "chown 1000:1001 d/f; chmod 4751 d/f; mv d/f d/moved; mknod -m 666 null c 1 3;"
            + " mkfifo -m 640 pipe; mkdir -m 2770 s; chgrp 77 s; chmod g+s s; touch s/x");
    String script =
        "stat -c '%n %F %a %u:%g %t:%T' d/moved null pipe s s/x;"
            + " find . -mindepth 1 -maxdepth 1 -printf '%P %y\\n' | LC_ALL=C sort;"
            + " echo x > null; cat null";
    String expected =
        """
        d/moved regular file 4751 1000:1001 0:0
        null character special file 666 0:0 1:3
        pipe fifo 640 0:0 0:0
        s directory 2770 0:77 0:0
        s/x regular empty file 644 0:77 0:0
        d d
        null c
        pipe p
        s d
        """;

    assertThat(union.run(script)).isEqualTo(expected);
    assertThat(union.remount()).isEqualTo(union.point());
    assertThat(union.run(script)).isEqualTo(expected);
    assertThat(union.run("(echo through > pipe) & cat pipe")).isEqualTo("through\n");
    assertThat(
            Command.of(
                    Account.ROOT,
                    "stat",
                    "-c",
                    "%F %a %u",
                    union.upper().resolve("d/moved").toString(),
                    union.upper().resolve("null").toString())
                .output())
        .isEqualTo("regular file 751 0\nregular empty file 644 0\n");
  }

  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.JNR_FUSE})
  void serverWithoutRightsKeepsWhatRootSays(Union union) throws Exception {
    assumeTrue(Account.USER.obstacle().isEmpty(), "no unprivileged user");
    union.layers("lower f file \"text\"");
    String user = Account.USER.uid() + ":" + Account.USER.gid();
    String said =
        Command.script(
                Account.ROOT,
                "cd '"
                    + union.home()
                    + "' && touch server.log && chown -R "
                    + user
                    + " . && exec 7<>/dev/fuse && mount -i -t fuse.unionfs-mount"
                    + " -o fd=7,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
                    + " theirs mnt && "
                    + String.join(" ", Account.USER.prefix())
                    + " "
                    + Tool.mount()
                    + " "
                    + String.join(" ", union.variant().options())
                    + " --log-file \"$PWD/server.log\" --lower \"$PWD/lower\" --upper"
                    + " \"$PWD/upper\" --work \"$PWD/work\" --xattr-permissions 2 /dev/fd/7"
                    + " && exec 7>&- && cd mnt && chown 1000:1001 f && chmod 600 f"
                    + " && mknod null c 1 3 && mv f g && ln -s g l && chown -h 5:6 l"
                    + " && stat -c '%n %F %a %u:%g' g null; cd .. && umount mnt"
                    + " && stat -c '%U %F' upper/g upper/null")
            .output();

    assertThat(said)
        .isEqualTo(
            "g regular file 600 1000:1001\nnull character special file 644 0:0\n"
                + (Account.USER_NAME + " regular file\n")
                + (Account.USER_NAME + " regular empty file\n"));
    Union.await("the layers are given up", () -> free(union));
  }

  private static boolean free(Union union) {
    try {
      return Command.script(Account.ROOT, "flock -n '" + union.upper() + "' true").run().status()
          == 0;
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @MountTest(accounts = Account.USER)
  void accessIsDecidedByWhatIsShown(Union union) throws Exception {
    union
        .layers(
            """
            lower secret file "secret"
            lower public file "public"
            lower mine   file "mine"
            """)
        .incomparable(REASON);
    mark(union, ".", owner(union) + ":0755:dir");
    mark(union, "secret", "0:0:0600:file");
    mark(union, "public", "0:0:0644:file");
    mark(union, "mine", owner(union) + ":0600:file");
    union.mount("--xattr-permissions", "2");

    assertThat(union.attempt("cat secret").err()).contains("Permission denied");
    assertThat(union.attempt("echo x >> public").err()).contains("Permission denied");
    assertThat(union.run("cat public; echo x >> mine; cat mine")).isEqualTo("publicminex\n");
    assertThat(union.run("stat -c '%a %u' secret mine"))
        .isEqualTo("600 0\n600 " + union.account().uid() + "\n");
    union.unmount(); // who mounted it cannot read all of it
  }

  @MountTest(accounts = Account.USER)
  void xattrsArePrivateAndNonsenseIsAnErrorOfOneFile(Union union) throws Exception {
    union
        .layers(
            """
            lower f file "text"
            lower g file "other"
            """)
        .incomparable(REASON);
    mark(union, ".", owner(union) + ":0755:dir");
    mark(union, "f", owner(union) + ":0640:file");
    mark(union, "g", "nonsense");
    union.expectLog("makes no sense");
    union.mount();

    assertThat(union.run("getfattr -d -m - f; stat -c %a f; ls")).isEqualTo("640\nf\ng\n");
    assertThat(union.attempt("getfattr -n user.containers.override_stat f").err())
        .contains("No such attribute");
    assertThat(union.attempt("setfattr -n user.containers.override_stat -v 0:0:0 f").err())
        .contains("Operation not permitted");
    assertThat(union.attempt("cat g").err()).contains("Input/output error");
    union.unmount(); // not all of it can be read
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void layersOfOthersAreNotBelievedByRoot(Union union) throws Exception {
    assumeTrue(Account.USER.obstacle().isEmpty(), "no unprivileged user");
    union.layers("lower f file \"text\"").incomparable("it shows the xattrs");
    String user = Account.USER.uid() + ":" + Account.USER.gid();
    Command.script(Account.ROOT, "chown -R " + user + " '" + union.lower() + "'").output();
    mark(union, ".", "0:0:0755:dir");
    mark(union, "f", "0:0:4755:file");
    union.expectLog("is not followed without xattr_permissions");
    union.mount();

    assertThat(union.run("stat -c %a:%u f")).isEqualTo("644:" + Account.USER.uid() + "\n");
  }

  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.JNR_FUSE})
  void aclsSayWhatTheModeSays(Union union) throws Exception {
    union.layers("lower f file \"text\"").incomparable(REASON);
    union.mount("--xattr-permissions", "2");

    union.run("chmod 640 f; setfacl -m u:12345:rwx,m::r f; chmod 460 f");
    union.remount();
    assertThat(union.run("getfacl -cnE f"))
        .isEqualTo("user::r--\nuser:12345:rwx\ngroup::r--\nmask::rw-\nother::---\n\n");
  }
}
