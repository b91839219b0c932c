package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;

/** Immutable and append-only files and directories (chattr +i, +a) in a lower layer. */
class ProtectedFilesIT {
  private static final String FLAGS =
      """
      cp -a '%1$s/lower' '%1$s/plain'
      for tree in lower plain; do
        cd '%1$s'/$tree
        for f in i a; do setfattr -n user.there -v y $f; done
        chattr +i i di
        chattr +a a da
      done
      ln -s disk/plain '%2$s/plain'
      """;

  private static void prepare(Union union) throws Exception {
    LoopDisk disk = LoopDisk.mount(union, "disk", 16);
    union.layers(
        """
        disk/lower i file "immutable\\n"
        disk/lower a file "append\\n"
        disk/lower di/f file ""
        disk/lower di/d dir 0755
        disk/lower da/f file ""
        disk/lower da/d dir 0755
        disk/lower victim file ""
        disk/lower mover file ""
        """);
    Command.script(Account.ROOT, FLAGS.formatted(disk.point(), union.home())).output();
    union.mount();
  }

  private static String upper(Union union) throws Exception {
    return Command.script(Account.ROOT, "cd '" + union.upper() + "'; find . -mindepth 1 | sort")
        .output();
  }

  private static String calls(Union union, String words) throws Exception {
    // without OPEN requests nobody asks whether a file may be opened
    String opens =
        words.startsWith("protected ") && union.variant() != Variant.KERNEL ? "opens" : "";
    return "python3 '" + union.calls() + "' " + words + " " + opens + ";";
  }

  @MountTest
  void protectedLowerFilesRefuseWhatTheyWouldInAPlainDirectory(Union union) throws Exception {
    prepare(union);
    String files = calls(union, "protected i") + calls(union, "protected a");
    String directories =
        calls(union, "protected_directory di") + calls(union, "protected_directory da");

    union.sameAsPlain(files);
    assertThat(upper(union)).isEqualTo("./a\n"); // whose times were set to now
    union.sameAsPlain("echo more >> a; stat -c %s a;" + files + directories);

    union.remount();
    union.sameAsPlain(files + "echo again >> a; sync a; cat i a; ls da di");
    assertThat(
            Command.script(
                    Account.ROOT,
                    "getfattr --absolute-names -d -m overlay.protattr '%s/a' | grep -o 'attr=.*'"
                        .formatted(union.upper()))
                .output())
        .isEqualTo("attr=\"a\"\n");
  }

  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void flagsAreShownAndCanBeTakenAway(Union union) throws Exception {
    prepare(union);

    union.sameAsPlain(
        """
        flags() { lsattr -d i a di da | tr -d e-; }
        flags; echo more >> a; chattr +i a; flags; ! : > a
        chattr -i i di a; flags; ! : > a
        chattr -a a da; flags
        echo new > i; echo new > a; rm di/f da/f; mv i da/; cat da/i a; ls di da
        """);
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void overlayfsEnforcesTheMarksOfTheUpper(Union union) throws Exception {
    prepare(union);
    union.run("echo more >> a");
    union.unmount();
    Path point = union.home().resolve("overlay");
    String script =
        """
        mkdir overlay overlay-work
        mount -t overlay none -o lowerdir=disk/lower,upperdir=upper,workdir=overlay-work '%s'
        trap "umount '%s'; rm -rf overlay overlay-work" EXIT
        ! : > overlay/a; ! rm overlay/a; echo kernel >> overlay/a; cat overlay/a
        """;

    assertThat(
            Command.script(Account.ROOT, script.formatted(point, point)).in(union.home()).output())
        .isEqualTo("append\nmore\nkernel\n");
  }
}
