package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;

class CopyUpIT {
  @MountTest
  void readingAndOpeningForWritingCopyNothingUp(Union union) throws Exception {
    union.layers("lower d/f file \"text\"").mount();

    String read = union.run("exec 3<>d/f; cat <&3; exec 3>&-; cat d/f; ls -la d >/dev/null");

    assertThat(read).isEqualTo("texttext");
    assertThat(union.upper().resolve("d")).doesNotExist();
  }

  @MountTest
  void firstWriteCopiesTheFileUpWithItsMetadata(Union union) throws Exception {
    union.layers("lower d/f file \"old\"");
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "' && chmod 640 d/f && touch -d '2001-02-03 04:05:06.789012345' d/f d"
                + " && setfattr -n user.note -v hello d/f")
        .output();
    union.mount();

    union.run("echo new >> d/f");

    assertThat(union.run("cat d/f; stat -c %a d/f; getfattr -n user.note --only-values d/f"))
        .isEqualTo("oldnew\n640\nhello");
    assertThat(Files.readString(union.upper().resolve("d/f"))).isEqualTo("oldnew\n");
    assertThat(Files.readString(union.lower().resolve("d/f"))).isEqualTo("old");
  }

  @MountTest
  void copyUpKeepsTimesOfTheFileAndOfItsParent(Union union) throws Exception {
    union.layers("lower d/f file \"old\"");
    Command.script(
            union.account(),
            "touch -d '2001-02-03 04:05:06.789012345' '"
                + union.lower()
                + "/d/f' '"
                + union.lower()
                + "/d'")
        .output();
    union.mount();

    union.run("chmod 600 d/f");

    assertThat(union.run("stat -c %y d d/f")).contains("2001-02-03").contains(".789012345");
    assertThat(union.run("stat -c %y d/f; stat -c %y d").lines().distinct()).hasSize(1);
  }

  @MountTest
  void truncationCopiesNoData(Union union) throws Exception {
    union.layers("lower f file \"much text\"").mount();

    union.run(": > f");

    assertThat(union.run("stat -c %s f")).isEqualTo("0\n");
    union.remount();
    assertThat(union.run("stat -c %s f")).isEqualTo("0\n");
  }

  @MountTest
  void holesStayHoles(Union union) throws Exception {
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "' && truncate -s 64M f && printf x | dd of=f bs=1 seek=33554432 conv=notrunc status=none")
        .output();
    union.mount();

    union.run("chmod 600 f");

    assertThat(Long.parseLong(union.run("stat -c %b f").trim())).isLessThan(1024);
    assertThat(union.run("cmp f '" + union.lower() + "/f' && stat -c %s f"))
        .isEqualTo("67108864\n");
  }

  @MountTest
  void descriptorOpenedBeforeCopyUpSeesLaterWrites(Union union) throws Exception {
    union.layers("lower f file \"old\"").mount();

    assertThat(union.run("exec 3<f; printf new > f; cat <&3")).isEqualTo("new");
    assertThat(union.run("exec 3<f; printf more >> f; cat <&3")).isEqualTo("newmore");
  }

  @MountTest
  void appendsOfTwoProcessesAllArrive(Union union) throws Exception {
    union.layers("lower f file \"\"").mount();

    union.run(
        "for w in a b; do (for i in $(seq 500); do echo $w$i; done >> f) & done; wait;"
            + " test $(wc -l < f) = 1000 && test $(sort -u f | wc -l) = 1000");
  }

  @MountTest
  void inodeNumberStaysOverCopyUpRenameAndRemount(Union union) throws Exception {
    union.layers("lower d/f file \"text\"\nlower2 d/g file \"other\"").mount();
    String before = union.run("stat -c %i d/f d d/g");

    union.run("chmod 600 d/f; echo x >> d/g");
    assertThat(union.run("stat -c %i d/f d d/g")).isEqualTo(before);
    union.run("mv d/f d/h");
    assertThat(union.run("stat -c %i d/h d d/g")).isEqualTo(before);
    if (union.isRoot()) { // others cannot open by handle
      union.remount();
      assertThat(union.run("stat -c %i d/h d d/g")).isEqualTo(before);
    }
  }

  @MountTest
  void listedInodeNumbersAreThoseOfStat(Union union) throws Exception {
    union
        .layers(
            "lower d/f file \"x\"\nlower d/s/x file \"x\"\nlower2 d/g file \"x\"\nupper d/u file \"x\"")
        .mount();
    union.run("chmod 600 d/f; mkdir d/new; touch d/new2; mkdir d/s/y");

    assertThat(union.run("ls -ai d | sort"))
        .isEqualTo(
            union
                .run("cd d; for n in . .. *; do echo \"$(stat -c %i $n) $n\"; done | sort")
                .replaceAll("(?m)^ +", ""));
  }

  @MountTest
  void permissionBitsAclsAndCapabilitiesSurvive(Union union) throws Exception {
    union.layers("lower f file \"text\"");
    Command.script(Account.ROOT, "setfacl -m u:daemon:rw '" + union.lower() + "/f'").output();
    if (union.isRoot()) {
      Command.script(Account.ROOT, "setcap cap_net_raw+ep '" + union.lower() + "/f'").run();
    }
    union.mount();
    union.incomparable(
        "the mode shown is narrowed, since this transport's kernel evaluates no ACL");

    union.run("touch f");

    assertThat(Command.script(Account.ROOT, "getfacl -cp '" + union.upper() + "/f'").output())
        .contains("user:daemon:rw-");
    assertThat(
            Command.script(Account.ROOT, "getcap '" + union.upper() + "/f' | sed 's/.* //'")
                .output())
        .isEqualTo(
            Command.script(Account.ROOT, "getcap '" + union.lower() + "/f' | sed 's/.* //'")
                .output());
  }

  @MountTest
  void filesInDirectoriesThatNobodyMayWriteToAreCopiedUp(Union union) throws Exception {
    union
        .layers(
            """
            lower d/x      file "text"
            lower d/r      file "read only"
            lower d/h      hardlink "d/r"
            lower d/sub/y  file "text"
            """)
        .incomparable("overlayfs without index=on breaks hard links");
    Command.script(
            union.account(), "cd '" + union.lower() + "'; chmod 444 d/r d/sub/y; chmod 555 d/sub d")
        .output();
    union.mount();

    union.sameAsPlain(
        "touch d/x; echo more >> d/x; cat d/x; chmod 400 d/r d/sub/y; touch -d @1 d/h d/sub/y;"
            + " chmod 640 d/h; echo more >> d/r; cat d/h; chmod 511 d/sub;"
            + " stat -c '%n %a %h %s' d d/* d/sub/y; stat -c %Y d/sub/y");
  }
}
