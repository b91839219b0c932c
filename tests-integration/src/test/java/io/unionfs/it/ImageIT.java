package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** Uppers become layers, layers lower directories, and images mounts. */
class ImageIT {
  /* Everything that a layer can say. What a user may not make is left out as a user. */
  private static final String LOWER =
      """
      mkdir -p lower/d/e lower/gone/x lower/hidden lower/renamed/sub lower/links lower/other
      echo one > lower/d/f; echo two > lower/gone/x/y; echo three > lower/hidden/z
      echo four > lower/renamed/sub/r; echo five > lower/links/a; echo six > lower/removed
      ln lower/links/a lower/links/b; ln lower/links/a lower/other/c
      chmod 750 lower/other; touch -d 2001-02-03T04:05:06.070809 lower/other
      touch lower/$(printf 'n\\377a'); ln -s f lower/d/link
      """;

  private static final String CHANGES =
      """
      echo more >> d/f; rm -r gone removed; rm -r hidden; mkdir hidden; echo new > hidden/n
      mv renamed moved; echo more >> links/a; echo text > new; ln new d/hard; mkfifo pipe
      ln -s ../nowhere $(printf 's\\377'); setfattr -n user.b -v 0x00ff0a3d new
      truncate -s 3M sparse
      printf x | dd of=sparse bs=1 seek=1500000 conv=notrunc status=none
      mkdir $(printf 'x%.0s' $(seq 200)); echo deep > $(printf 'x%.0s' $(seq 200))/$(printf 'y%.0s' $(seq 200))
      setfacl -m u:7:rw new; chmod 2750 hidden
      touch -d 1999-12-31T23:59:59.123456789 new sparse d
      """;

  /* Podman inherits default ACLs and has no time before 1970, and Go no xattr with an equals sign. */
  private static final String CHANGES_THAT_FEW_READ =
      """
      setfattr -n 'user.a=b' -v x new; setfacl -d -m g:8:rx hidden
      touch -d 1960-01-01T00:00:00.5 pipe
      """;

  private static final String CHANGES_OF_ROOT =
      """
      mknod block b 7 300; mknod char c 1 3; chown 1234:3000000 sparse; chown -h 5:6 d/link
      setcap cap_net_raw+ep d/f; chown 70000 hidden/n; chmod 4755 hidden/n; setfattr -n trusted.t -v y new
      """;

  /* With the times of directories, but of none that another reader makes. */
  private static final String TREE =
      "find . -printf '%P|%y|%m|%U:%G|%l|%T@|' \\( -type d -printf '\\n' -o -printf '%n|%s\\n' \\) | LC_ALL=C sort;"
          + " find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum;"
          + " find . -print0 | LC_ALL=C sort -z"
          + " | xargs -0 getfattr -h -d -m '^(user\\.|security\\.cap|system\\.posix|trusted\\.t$)' -e hex 2>/dev/null";

  private static String tree(Union union, Path root) throws Exception {
    return Command.script(union.account(), TREE).in(root).run().out();
  }

  private static Command.Result unionfs(Union union, String arguments) throws Exception {
    return Command.script(union.account(), tool(union) + arguments).in(union.home()).run();
  }

  /* A plain user's control socket needs a place. */
  private static String tool(Union union) {
    return "XDG_RUNTIME_DIR='" + union.home() + "' '" + Tool.unionfs() + "' ";
  }

  /* The kernel's copies stand in the index, and may be nothing but attributes. */
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void copyOfTheKernelWithoutDataHasThoseOfTheLower(Union union) throws Exception {
    String script =
        """
        cd '%s'
        mkdir out
        echo data > lower/a
        ln lower/a lower/b
        mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work,index=on,metacopy=on,redirect_dir=on mnt
        chmod 600 mnt/a
        rm mnt/a
        umount mnt
        '%s' commit --lower lower --upper upper --work work -o out/
        stat -c %%a out/b
        cat out/b
        '%s' diff --content --links --json --lower lower --upper upper --work work
        """
            .formatted(union.home(), Tool.unionfs(), Tool.unionfs());

    String said = Command.of(Account.ROOT, "unshare", "--mount", "bash", "-euc", script).output();

    assertThat(said).contains("600\ndata\n");
    assertThat(said)
        .contains(
            "{\"change\":\"deleted\",\"path\":\"a\"",
            "{\"change\":\"modified\",\"path\":\"b\",\"aspects\":[\"mode\"]");
  }

  private static void mount(Union union) throws Exception {
    union.environment("XDG_RUNTIME_DIR", union.home().toString());
    union.mount("--redirect-dir=on");
  }

  /** A union with all kinds of changes, mounted; what it shows. */
  private static String change(Union union) throws Exception {
    Command.script(union.account(), LOWER).in(union.home()).output();
    union.incomparable("the layer's whole content is compared here");
    mount(union);
    union.run(CHANGES + CHANGES_THAT_FEW_READ);
    if (union.isRoot()) {
      union.run(CHANGES_OF_ROOT);
    }
    return tree(union, union.point());
  }

  private static String mounted(Union union, String options) throws Exception {
    Path point = union.home().resolve("again");
    String script =
        "mkdir -p again; '"
            + Tool.mount()
            + "' "
            + options
            + " again; cd again; trap 'cd /; "
            + (union.isRoot() ? "umount" : "fusermount3 -u")
            + " "
            + point
            + "' EXIT; ("
            + TREE
            + ") || true";
    return Command.script(union.account(), script).in(union.home()).output();
  }

  @MountTest(variants = Variant.KERNEL)
  void committedLayerOnTheSameLowersShowsTheSameTree(Union union) throws Exception {
    String expected = change(union);

    unionfs(union, "commit -o layer.tar mnt").expectSuccess();
    unionfs(union, "commit --format tar+zstd -o layer.zst mnt").expectSuccess();
    unionfs(union, "commit -o directory/ mnt").expectSuccess();
    unionfs(union, "apply --owners host layer.tar applied").expectSuccess();
    unionfs(union, "apply - piped < layer.zst").expectSuccess();

    for (String layer : List.of("applied", "piped", "directory")) {
      assertThat(mounted(union, "--lower " + layer + ":lower")).as(layer).isEqualTo(expected);
    }
  }

  @MountTest(variants = Variant.KERNEL)
  void sameUpperGivesTheSameBytesMountedOrNot(Union union) throws Exception {
    change(union);
    unionfs(union, "commit --format tar+gzip -o live.tgz mnt").expectSuccess();
    union.unmount();

    String layers = " --lower lower --upper upper --work work --redirect-dir=on";
    Command.Result said =
        unionfs(union, "commit --json --format tar+gzip -o offline.tgz" + layers).expectSuccess();
    unionfs(union, "commit --format tar+gzip -o - " + layers + " > stdout.tgz").expectSuccess();

    byte[] live = Files.readAllBytes(union.home().resolve("live.tgz"));
    assertThat(Files.readAllBytes(union.home().resolve("offline.tgz"))).isEqualTo(live);
    assertThat(Files.readAllBytes(union.home().resolve("stdout.tgz"))).isEqualTo(live);
    String digest =
        Command.script(
                union.account(),
                "sha256sum < live.tgz; zcat live.tgz | sha256sum; stat -c %s live.tgz")
            .in(union.home())
            .output();
    String[] expected = digest.replace("  -", "").split("\n", -1);
    assertThat(said.out())
        .contains("\"digest\":\"sha256:" + expected[0])
        .contains("\"diffId\":\"sha256:" + expected[1])
        .contains("\"size\":" + expected[2]);
  }

  @MountTest(variants = Variant.KERNEL)
  void imageIsCommittedToldAndMountedAgain(Union union) throws Exception {
    union.incomparable("an image is in between");
    Command.script(union.account(), LOWER + "mkdir empty base").in(union.home()).output();
    unionfs(union, "commit -o oci:images:base --created-by first --lower empty --upper lower")
        .expectSuccess();
    mount(union);
    union.run(CHANGES);
    String expected = tree(union, union.point());

    unionfs(union, "commit -o oci:images:new --base oci:images:base --created-by second mnt")
        .expectSuccess();

    assertThat(unionfs(union, "history oci:images:new").expectSuccess().out())
        .containsSubsequence("CREATED", "second", "first");
    assertThat(unionfs(union, "history --json oci:images:new").out())
        .containsSubsequence("\"createdBy\":\"second\"", "\"size\":", "\"createdBy\":\"first\"");
    assertThat(mounted(union, "--image oci:images:new --store store")).isEqualTo(expected);
    String inodes = inodes(union);
    assertThat(mounted(union, "--image=oci:images:base --store=store")).contains("removed");
    assertThat(inodes(union)).as("the base is shared").isEqualTo(inodes);
  }

  private static String inodes(Union union) throws Exception {
    return Command.script(union.account(), "ls -i store").in(union.home()).output();
  }

  @MountTest(variants = Variant.KERNEL)
  void twoAtATimeUnpackIntoOneStore(Union union) throws Exception {
    union.incomparable("no mount of its own");
    Command.script(union.account(), LOWER + "mkdir empty").in(union.home()).output();
    unionfs(union, "commit -o oci:images:base --lower empty --upper lower").expectSuccess();
    String command = tool(union) + "mount-image -- --image oci:images:base --store store x";

    String said =
        Command.script(
                union.account(),
                command
                    + " > one & one=$!; "
                    + command
                    + " > two; wait $one; cat one two; ls -A store")
            .in(union.home())
            .output();

    assertThat(said).matches("(?s)( '--lower=store/sha256-\\w+(-xattr)?' 'x'){2}sha256-\\S+\n");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void fullDiskLeavesNothing(Union union) throws Exception {
    LoopDisk disk = LoopDisk.mount(union, "disk", 16);
    union.closeAfterwards(disk);
    union.incomparable("no mount of its own");
    Command.script(Account.ROOT, "mkdir up; head -c 30M /dev/urandom > up/big; chmod 777 .")
        .in(union.home())
        .output();
    String disk1 = disk.point().toString();
    unionfs(union, "commit -o layer.tar --lower lower --upper up").expectSuccess();

    Command.Result file =
        unionfs(union, "commit -o " + disk1 + "/layer.tar --lower lower --upper up");
    Command.Result image =
        unionfs(union, "commit -o oci:" + disk1 + "/oci:x --lower lower --upper up");
    Command.Result directory =
        unionfs(union, "commit -o " + disk1 + "/dir/ --lower lower --upper up");
    Command.Result applied = unionfs(union, "apply --limit 1G layer.tar " + disk1 + "/layer");
    Command.Result limited = unionfs(union, "apply layer.tar " + disk1 + "/layer");

    for (Command.Result each : List.of(file, image, directory, applied)) {
      assertThat(each.status()).as(each.err()).isEqualTo(1);
      assertThat(each.err()).contains("No space left on device");
    }
    assertThat(limited.err()).contains("it unpacks to more than what is free");
    assertThat(
            Command.script(Account.ROOT, "find . -type f -size +1k; find . -name '.unionfs*'")
                .in(disk.point())
                .output())
        .isEmpty();
  }

  @MountTest(variants = Variant.KERNEL)
  void interruptedApplyLeavesNothing(Union union) throws Exception {
    union.incomparable("no mount of its own");
    String script =
        "mkfifo pipe; '"
            + Tool.unionfs()
            + "' apply - layer < pipe & pid=$!; exec 3> pipe;"
            + " (tar -cf - /usr/bin 2>/dev/null || true) | head -c 3000000 >&3 || true;"
            + " until ls -A | grep -q unionfs-new; do :; done; kill -TERM $pid; wait $pid || true;"
            + " exec 3>&-; ls -A";

    String said = Command.script(union.account(), script).in(union.home()).output();

    assertThat(said).doesNotContain("unionfs-new").doesNotContain("layer");
  }

  /* There is one file at any time, which a look that takes a while may miss, or see twice. */
  @MountTest(variants = {Variant.KERNEL, Variant.JNR_FUSE})
  void cutOfALiveMountIsConsistentAndProgramsGoOn(Union union) throws Exception {
    union.layers("lower f file \"text\"");
    union.environment("XDG_RUNTIME_DIR", union.home().toString());
    union.mount();
    union.run("mkdir d; for i in $(seq 300); do echo x > d/other$i; done; echo text > d/one.0");
    String script =
        "(i=0; while [ ! -e stop ]; do mv mnt/d/one.$i mnt/d/one.$((i + 1)); i=$((i + 1)); done) & pid=$!;"
            + " for n in 1 2 3; do "
            + tool(union)
            + "commit -o layer$n.tar mnt > said; tar tf layer$n.tar | grep -c one; done;"
            + " ls mnt/d > before; until ! ls mnt/d | cmp -s - before; do :; done; touch stop;"
            + " wait $pid; cat mnt/d/one*; ls -A";

    String said = Command.script(union.account(), script).in(union.home()).output();

    assertThat(said).startsWith("1\n1\n1\ntext\n").doesNotContain(".unionfs-new");
  }

  /* What others unpack is exactly what the union shows. */
  @Tag("system")
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void otherProgramsUnpackTheMergedTree(Union union) throws Exception {
    Needs.programs("umoci", "skopeo", "podman", "tar");
    union.incomparable("the layer's whole content is compared here");
    Command.script(union.account(), LOWER + "mkdir empty").in(union.home()).output();
    unionfs(union, "commit -o oci:images:base --lower empty --upper lower").expectSuccess();
    mount(union);
    union.run(CHANGES + CHANGES_OF_ROOT);
    unionfs(union, "commit -o oci:images:new --base oci:images:base mnt").expectSuccess();
    unionfs(union, "commit -o layer.tar mnt").expectSuccess();
    unionfs(union, "commit -o directory/ mnt").expectSuccess();

    Command.script(
            Account.ROOT,
            "umoci unpack --image images:new umoci;"
                + " skopeo copy -q oci:images:new dir:copied; skopeo copy -q dir:copied oci:images2:new;"
                + " mkdir tar; tar --xattrs --xattrs-include='*' --delay-directory-restore -C tar -xpf layer.tar")
        .in(union.home())
        .output();

    String expected = tree(union, union.point());
    assertThat(tree(union, union.home().resolve("umoci/rootfs"))).isEqualTo(expected);
    assertThat(mounted(union, "--image oci:images2:new --store store")).isEqualTo(expected);
    assertThat(withoutMarks(tree(union, union.home().resolve("tar"))))
        .isEqualTo(withoutMarks(tree(union, union.home().resolve("directory"))));
    assertThat(withoutRoot(podman(union))).isEqualTo(withoutRoot(expected));
  }

  /* To tar they are files; in a directory they are devices. */
  private static String withoutMarks(String tree) {
    return tree.replaceAll("(?m)^.*(\\.wh\\.|\\|c\\|0\\|).*\n", "");
  }

  /* Podman makes the root anew. */
  private static String withoutRoot(String tree) {
    return tree.replaceFirst("(?m)^\\|d\\|.*\n", "");
  }

  private static String podman(Union union) throws IOException, InterruptedException {
    Path home = union.home();
    String podman =
        "podman --root " + home + "/podman --runroot " + home + "/run --storage-driver vfs ";
    String script =
        "id=$("
            + podman
            + "pull -q oci:images:new); "
            + "at=$("
            + podman
            + "image mount $id); cd $at; ("
            + TREE
            + ") || true; cd /; "
            + podman
            + "image unmount $id >/dev/null; "
            + podman
            + "rmi -f $id >/dev/null";
    return Command.script(Account.ROOT, script).in(home).output();
  }
}
