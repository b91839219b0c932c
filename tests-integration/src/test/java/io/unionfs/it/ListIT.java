package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;

/** {@code unionfs list} and the control socket. */
class ListIT {
  private static String line(Union union, String listed) {
    return listed
        .lines()
        .filter(line -> line.contains(union.point().toString()))
        .findFirst()
        .orElseThrow(() -> new AssertionError("not listed:\n" + listed));
  }

  @MountTest(accounts = Account.ROOT)
  void mountsAreListedAsTheyAreServed(Union union) throws Exception {
    union.layers("lower f file \"\"").mount();

    String row = line(union, Command.of(Account.ROOT, Tool.unionfs(), "list").output());
    assertThat(row)
        .contains(union.variant().isKernel() ? "kernel" : "jnr-fuse")
        .contains(union.variant() == Variant.PASSTHROUGH ? "passthrough" : "cached")
        .contains(union.upper().toString())
        .contains(union.lower().toString())
        .endsWith(Long.toString(union.server().pid()));
    assertThat(row).containsPattern("  [0-5]?[0-9](s|m[0-5][0-9]s) +[0-9]+$");
    String json = line(union, Command.of(Account.ROOT, Tool.unionfs(), "list", "--json").output());
    assertThat(json)
        .startsWith("{\"mountPoint\":\"" + union.point())
        .contains("\"reason\":\"asked for\"");
    assertThat(json.contains("READDIRPLUS")).isEqualTo(union.variant().isKernel());
  }

  @MountTest(accounts = Account.USER)
  void userListsHisOwnAndRootAsWell(Union union) throws Exception {
    union.layers("lower f file \"\"");
    Command.script(Account.USER, "mkdir -m 700 '" + union.home() + "/run'").output();
    union.environment("XDG_RUNTIME_DIR", union.home() + "/run");
    union.mount();

    String list = "XDG_RUNTIME_DIR='" + union.home() + "/run' " + Tool.unionfs() + " list";
    assertThat(line(union, Command.script(Account.USER, list).output()))
        .contains(union.upper().toString());
    assertThat(line(union, Command.of(Account.ROOT, Tool.unionfs(), "list").output()))
        .contains("no control socket");
    assertThat(
            Command.script(Account.USER, "stat -c %a '" + union.home() + "'/run/unionfs/*")
                .output())
        .isEqualTo("600\n");
    union.unmount();
    assertThat(Command.script(Account.USER, "ls '" + union.home() + "/run/unionfs'").output())
        .isEmpty();
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void badClientsDoNotHarm(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();
    String ask =
        "perl -MIO::Socket::UNIX -e '$SIG{PIPE}=\"IGNORE\"; $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die;"
            + " print $s $ARGV[1] x $ARGV[2]; $s->flush; print scalar <$s>' ";
    String socket =
        "$(for s in /run/unionfs/*.sock; do grep -q \"^$(basename $s .sock) .* "
            + union.point()
            + " \" /proc/self/mountinfo && echo $s; done)";

    assertThat(
            Command.script(Account.ROOT, ask + socket + " '{\"get\":\"passwords\"}\n' 1").output())
        .contains("unknown request");
    assertThat(Command.script(Account.ROOT, ask + socket + " '{]\n' 1").output())
        .contains("not JSON");
    assertThat(Command.script(Account.ROOT, ask + socket + " x 70000 || true").output())
        .contains("at most 65536 bytes");
    Command.script(Account.ROOT, ask + socket + " '' 1 < /dev/null & sleep 0; wait").output();

    assertThat(line(union, Command.of(Account.ROOT, Tool.unionfs(), "list").output()))
        .contains("kernel");
    assertThat(union.run("cat f")).isEqualTo("text");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void socketOfADeadServerIsRemoved(Union union) throws Exception {
    union.layers("lower f file \"\"").mount();
    String socket =
        Command.script(
                Account.ROOT,
                "awk '$5 == \"%s\" { print \"/run/unionfs/\" $1 \".sock\" }' /proc/self/mountinfo"
                    .formatted(union.point()))
            .output()
            .strip();
    assertThat(Path.of(socket)).exists();

    union.server().destroyForcibly();
    Union.await("the server ends", () -> !union.hasServer());

    assertThat(line(union, Command.of(Account.ROOT, Tool.unionfs(), "list").output()))
        .contains("(server is gone; unmount with: unionfs umount " + union.point() + ")");
    assertThat(line(union, Command.of(Account.ROOT, Tool.unionfs(), "list", "--json").output()))
        .startsWith("{\"mountPoint\":\"" + union.point())
        .contains("\"problem\":\"server is gone; unmount with: unionfs umount ");
    assertThat(Path.of(socket)).doesNotExist();
    Command.of(union.account(), Tool.unionfs(), "umount", union.point().toString()).output();
    union.mount();
  }

  /* The kernel lets nobody but its user ask the server; root sees who has the device, if it sees all processes. */
  @MountTest(accounts = Account.USER)
  void rootIsToldThatTheServerOfAUserIsGone(Union union) throws Exception {
    union.layers("lower f file \"\"").mount();
    Command list = Command.of(Account.ROOT, Tool.unionfs(), "list");
    Command own = Command.of(union.account(), Tool.unionfs(), "list");
    assertThat(line(union, list.output())).contains("(no control socket)");
    assertThat(line(union, own.output())).contains("(no control socket)");

    union.server().destroyForcibly();
    Union.await("the server ends", () -> !union.hasServer());

    String gone = "(server is gone; unmount with: unionfs umount " + union.point() + ")";
    boolean seesAll =
        Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).endsWith("pid:[4026531836]");
    assertThat(line(union, list.output())).contains(seesAll ? gone : "(no control socket)");
    String besideADevice = "exec 7<>/dev/fuse; '" + Tool.unionfs() + "' list";
    assertThat(line(union, Command.script(Account.ROOT, besideADevice).output()))
        .contains(seesAll ? gone : "(no control socket)");
    assertThat(line(union, own.output())).contains(gone);
    Command.of(Account.ROOT, Tool.unionfs(), "umount", union.point().toString()).output();
    assertThat(union.isMounted()).isFalse();
    union.mount();
  }

  /* Where it is not mounted, it is not listed; who enters the place sees it. */
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void unionOfAnotherNamespaceIsListedThere(Union union) throws Exception {
    union.layers("lower f file \"\"");
    String mount = String.join(" ", union.bareCommand()) + " -o lowerdir=" + union.lower();
    String both =
        mount
            + " mnt; "
            + "'%s' list > inside; nsenter --mount=/proc/$PPID/ns/mnt '%s' list > outside; umount mnt"
                .formatted(Tool.unionfs(), Tool.unionfs());

    Command.of(
            Account.ROOT,
            "env",
            "--chdir=" + union.home(),
            "bash",
            "-euc",
            "unshare --mount sh -euc \"$0\"; true",
            both)
        .output();

    assertThat(Files.readString(union.home().resolve("inside"))).contains(union.point().toString());
    assertThat(Files.readString(union.home().resolve("outside")))
        .doesNotContain(union.point().toString());
  }
}
