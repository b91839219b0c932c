package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Owners that are shown otherwise than they are stored: mapped ids, and one owner of everything.
 */
class ShownOwnersIT {
  private static final String MAPPED = "uidmapping=:0:100000:1000,gidmapping=:0:200000:1000";
  private static final String OWNERS =
      "find . -mindepth 1 -printf '%P %U:%G %m\\n' | LC_ALL=C sort";
  private static final String REASON = "kernel overlayfs shows the owners that are stored";

  private static String stored(Union union, String path) throws Exception {
    return Command.of(Account.ROOT, "stat", "-c", "%u:%g", union.upper() + "/" + path).output();
  }

  private static void lowerOwner(Union union, String owner, String path) throws Exception {
    Command.of(Account.ROOT, "chown", owner, union.lower() + "/" + path).output();
  }

  @MountTest(accounts = Account.ROOT)
  void idsAreMappedBothWays(Union union) throws Exception {
    union.layers("lower d/f file \"text\"\nlower d/g file \"\"").incomparable(REASON);
    lowerOwner(union, "5:6", "d/f");
    lowerOwner(union, "5000:6", "d/g");
    union.mount("-o", MAPPED);

    assertThat(union.run(OWNERS))
        .isEqualTo("d 100000:200000 755\nd/f 100005:200006 644\nd/g 65534:200006 644\n");
    union.run("chmod 0777 d; chown 100007:200008 d/g; echo more >> d/f");
    union.run(
        "setpriv --reuid=100009 --regid=200010 --clear-groups sh -c 'echo x > d/n; mkdir d/m'");
    assertThat(union.attempt("chown 7 d/f").err()).contains("Value too large");
    union.run("python3 -c 'import os; os.chown(\"d/f\", -1, -1); os.chown(\"d/f\", -1, 200006)'");

    assertThat(stored(union, "d/f")).isEqualTo("5:6\n");
    assertThat(stored(union, "d/g")).isEqualTo("7:8\n");
    assertThat(stored(union, "d/n")).isEqualTo("9:10\n");
    assertThat(stored(union, "d/m")).isEqualTo("9:10\n");
    union.unmount();
    union.mount("-o", MAPPED);
    assertThat(union.run("stat -c '%u:%g' d/f d/g d/n d/m"))
        .isEqualTo("100005:200006\n100007:200008\n100009:200010\n100009:200010\n");
  }

  /* The kernel decides by the owners that are shown, the server by those that are stored. */
  @MountTest(accounts = Account.ROOT)
  void rightsAreThoseOfTheOwnersThatAreShown(Union union) throws Exception {
    union.layers("lower own file \"mine\"\nlower other file \"not mine\"").incomparable(REASON);
    lowerOwner(union, "5:6", "own");
    lowerOwner(union, "7:8", "other");
    Command.of(Account.ROOT, "chmod", "600", union.lower() + "/own", union.lower() + "/other")
        .output();
    union.mount("-o", MAPPED);

    String as = "setpriv --reuid=100005 --regid=200006 --clear-groups ";
    assertThat(union.run(as + "cat own")).isEqualTo("mine");
    union.run(as + "sh -c 'echo more >> own; chmod 640 own'");
    assertThat(union.attempt(as + "cat other").err()).contains("Permission denied");
    assertThat(union.attempt("setpriv --reuid=5 --regid=6 --clear-groups cat own").err())
        .contains("Permission denied");
    assertThat(stored(union, "own")).isEqualTo("5:6\n");
  }

  @MountTest(accounts = Account.ROOT)
  void namedEntriesOfAclsAreMapped(Union union) throws Exception {
    union.layers("lower d/f file \"text\"").incomparable(REASON);
    Command.of(Account.ROOT, "setfacl", "-m", "u:5:rw,g:6:r", union.lower() + "/d/f").output();
    union.mount("-o", MAPPED);

    assertThat(union.run("getfacl -n d/f"))
        .contains("user:100005:rw-")
        .contains("group:200006:r--");
    union.run("setfacl -m u:100007:r d/f; setfacl -d -m u:100008:rwx d; touch d/new");

    assertThat(Command.of(Account.ROOT, "getfacl", "-n", union.upper() + "/d/f").output())
        .contains("user:5:rw-")
        .contains("user:7:r--");
    assertThat(Command.of(Account.ROOT, "getfacl", "-n", union.upper() + "/d/new").output())
        .contains("user:8:rwx");
    assertThat(union.run("getfacl -n d/new")).contains("user:100008:rwx");
    assertThat(union.attempt("setfacl -m u:5:r d/f").err()).contains("Invalid argument");
  }

  @MountTest
  void oneOwnerIsShownOfEverything(Union union) throws Exception {
    union.layers("lower d/f file \"text\"\nlower d/g file \"\"").incomparable(REASON);
    lowerOwner(union, "5:6", "d/g");
    int uid = union.account().uid();
    int gid = union.account().gid();
    String squash = "squash_to_uid=" + uid + ",squash_to_gid=" + gid;
    union.mount("-o", squash);

    String owners = "stat -c '%u:%g' d d/f d/g d/n";
    String chown = union.isRoot() ? "chown 7:8 d/f d/n; " : "";
    union.run("echo x > d/n; " + chown + "echo more >> d/g; chmod 600 d/g");
    assertThat(union.run(owners)).isEqualTo((uid + ":" + gid + "\n").repeat(4));
    union.unmount();
    union.mount("-o", squash);
    assertThat(union.run(owners)).isEqualTo((uid + ":" + gid + "\n").repeat(4));
    assertThat(union.run("cat d/g")).isEqualTo("more\n");
  }

  /* A server that may not chown: what is shown stays, what it cannot promise it refuses. */
  @MountTest(accounts = Account.ROOT)
  void chownThatTheHostForbidsSucceedsWhereItIsNotSeen(Union union) throws Exception {
    union
        .layers("lower f file \"text\"\nlower g file \"text\"\nlower h file \"text\"")
        .incomparable(REASON);
    Command.of(Account.ROOT, "chmod", "4755", union.lower() + "/f", union.lower() + "/h").output();
    lowerOwner(union, "5:6", "h");
    Command.of(Account.ROOT, "chmod", "4755", union.lower() + "/h").output();
    union.limit("--nofile=4096:4096", "setpriv", "--bounding-set=-chown", "--inh-caps=-all");
    union.mount("-o", "squash_to_uid=0,squash_to_gid=0");

    union.run("touch f; stat -c %a f; chown 5:6 f; echo more >> h");
    assertThat(union.run("stat -c '%u:%g %a' f")).isEqualTo("0:0 755\n");
    union.unmount();
    assertThat(stored(union, "f")).isEqualTo("0:0\n");
    assertThat(Command.of(Account.ROOT, "stat", "-c", "%a", union.upper() + "/h").output())
        .isEqualTo("755\n");

    union.mount("-o", "squash_to_uid=0");
    assertThat(union.attempt("chown 5:6 g").err()).contains("Operation not permitted");
    union.run("chown 5 g");
    assertThat(union.run("stat -c '%u:%g' g")).isEqualTo("0:0\n");
  }

  /* As podman --uidmap does: the layers come with mapped ids, and the option says the same. */
  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.JNR_FUSE})
  void lowerOnAMountWithMappedIdsIsNotMappedTwice(Union union) throws Exception {
    union.layers("lower d/f file \"text\"\nlower d/g file \"\"").incomparable(REASON);
    lowerOwner(union, "5:6", "d/f");
    Command.of(Account.ROOT, "setfacl", "-m", "u:7:rw", union.lower() + "/d/f").output();
    Path script = union.home().resolve("idmap.py");
    try (InputStream source = ShownOwnersIT.class.getResourceAsStream("/idmap.py")) {
      Files.copy(source, script);
    }
    Path mapped = Files.createDirectory(union.home().resolve("mapped"));
    String mount =
        Tool.mount()
            + " "
            + String.join(" ", union.variant().options())
            + " -o lowerdir="
            + mapped
            + ",upperdir="
            + union.upper()
            + ",workdir="
            + union.work()
            + ",uidmapping=0:100000:1000,gidmapping=0:100000:1000 base '"
            + union.point()
            + "'";
    String use =
        "stat -c '%u:%g' d d/f d/g; getfacl -cn d/f; echo more >> d/f; touch d/n; stat -c '%u:%g' d/f d/n;"
            + " getfacl -cn d/f; chmod 700 d; stat -c '%u:%g' d";

    String said =
        Command.of(
                Account.ROOT,
                "unshare",
                "--mount",
                "sh",
                "-euc",
                "python3 '"
                    + script
                    + "' '"
                    + union.lower()
                    + "' '"
                    + mapped
                    + "' 100000; "
                    + mount
                    + "; cd '"
                    + union.point()
                    + "'; "
                    + use
                    + "; cd /; umount '"
                    + union.point()
                    + "'")
            .output();

    String acl = "user::rw-\nuser:100007:rw-\ngroup::r--\nmask::rw-\nother::r--\n\n";
    String owners = "100000:100000\n100005:100006\n100000:100000\n";
    assertThat(said)
        .isEqualTo(owners + acl + "100005:100006\n65534:65534\n" + acl + "100000:100000\n");
    assertThat(stored(union, "d")).isEqualTo("0:0\n");
    assertThat(stored(union, "d/f")).isEqualTo("5:6\n");
    assertThat(Command.of(Account.ROOT, "getfacl", "-n", union.upper() + "/d/f").output())
        .contains("user:7:rw-");
  }

  @MountTest
  void linksOfDirectoriesNeedNotBeCounted(Union union) throws Exception {
    union.layers("lower d/a/x dir 0755\nlower d/b dir 0755\nupper d/c dir 0755");
    union.incomparable("link counts").mount("--static-nlink");

    assertThat(union.run("stat -c %h d d/a; mkdir d/e; stat -c %h d d/e; find d | wc -l"))
        .isEqualTo("1\n1\n1\n1\n6\n");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void contradictionsAreRefused(Union union) throws Exception {
    union.layers("lower f file \"\"");

    Command.Result said =
        Command.of(
                Account.ROOT,
                Tool.mount(),
                "--lower",
                union.lower().toString(),
                "-o",
                "squash_to_root,uidmapping=0:1:2",
                union.point().toString())
            .run();
    assertThat(said.status()).isEqualTo(2);
    assertThat(said.err()).contains("squash_to_root and uidmapping contradict");
  }
}
