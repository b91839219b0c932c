package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;

class LargeIT {
  @Tag("system")
  @MountTest(accounts = Account.ROOT)
  void directoryOfAHundredThousandIsListedAndRemoved(Union union) throws Exception {
    Command.script(
            union.account(),
            "mkdir '"
                + union.lower()
                + "/d'; cd '"
                + union.lower()
                + "/d'; seq 60000 | xargs -n 5000 touch")
        .output();
    union.mount();

    assertThat(
            union.run(
                "cd d; seq 60001 100000 | xargs -n 5000 touch; ls -f | sort -u | wc -l; ls -l | wc -l; cd ..;"
                    + " rm -r d; ls; mkdir d; ls -A d | wc -l"))
        .isEqualTo("100002\n100001\n0\n");
  }

  @Tag("system")
  @MountTest(accounts = Account.ROOT)
  void longListsOfXattrsAreComplete(Union union) throws Exception {
    Command.script(
            union.account(),
            "mkdir '"
                + union.lower()
                + "/d'; cd '"
                + union.lower()
                + "/d'; seq -f x%.0f 0 2999 | xargs touch")
        .output();
    union.mount();

    assertThat(union.call("many_xattrs", "d", "2900")).isEqualTo("more");
    union.remount();
    assertThat(union.run("getfattr -d d/x* | grep -c '^user.*=\"v\"$'")).isEqualTo("37700\n");
    union.run("rm -r d");
  }

  @MountTest(accounts = Account.ROOT)
  void bigDirectoryIsListedOnceEachWhileItIsEmptied(Union union) throws Exception {
    Command.script(
            union.account(),
            "mkdir '"
                + union.lower()
                + "/d'; cd '"
                + union.lower()
                + "/d'; seq 6000 | xargs -n 2000 touch")
        .output();
    union.mount();

    assertThat(
            union.run(
                "cd d; seq 6001 8000 | xargs touch; ls -f | sort -u | wc -l; ls | wc -l;"
                    + " find . -name '*7' -delete; ls | wc -l; cd ..; rm -r d; mkdir d; ls -A d | wc -l"))
        .isEqualTo("8002\n8000\n7200\n0\n");
  }

  @MountTest
  void sparseFileOfEightTebibytesIsCopiedUpAndWrittenAtItsEnd(Union union) throws Exception {
    Command.script(union.account(), "truncate -s 8T '" + union.lower() + "/f'").output();
    union.mount();

    assertThat(
            union.run(
                "printf end | dd of=f bs=1 seek=$((8 << 40)) conv=notrunc status=none; stat -c %s f;"
                    + " tail -c 3 f; test $(stat -c %b f) -lt 1024"))
        .isEqualTo(((8L << 40) + 3) + "\nend");
    union.run("truncate -s 0 f"); // what follows reads the files
    assertThat(union.lower().resolve("f")).hasSize(8L << 40);
  }

  @MountTest(accounts = Account.ROOT)
  void manyLayersAreOneTree(Union union) throws Exception {
    StringBuilder picture = new StringBuilder();
    for (int i = 1; i <= 100; i++) {
      picture.append("lower").append(i == 1 ? "" : i).append(" d/f").append(i);
      picture.append(" file \"").append(i).append("\"\n");
    }
    union.incomparable("mount(8) cannot name so many layers").layers(picture.toString()).mount();

    assertThat(union.run("ls d | wc -l; cat d/f1 d/f100; rm d/f50; echo x >> d/f99; ls d | wc -l"))
        .isEqualTo("100\n110099\n");
  }
}
