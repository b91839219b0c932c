package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

class FailuresIT {
  @MountTest(accounts = Account.ROOT)
  void fullUpperFailsTheCopyUpAndLosesNothing(Union union) throws Exception {
    Command.script(
            Account.ROOT,
            "cd '"
                + union.home()
                + "'; mount -t tmpfs -o size=4m none upper; mkdir upper/u upper/w;"
                + " head -c 16M /dev/urandom > lower/big; echo small > lower/small")
        .output();
    String sum = Command.script(Account.ROOT, "sha256sum < '" + union.lower() + "/big'").output();
    union.incomparable("the upper is a directory of its own");
    try {
      List<String> mount = new ArrayList<>(List.of(Tool.mount()));
      mount.addAll(union.variant().options());
      mount.addAll(List.of("--lower", union.lower().toString()));
      mount.addAll(List.of("--upper", union.upper() + "/u", "--work", union.upper() + "/w"));
      mount.add(union.point().toString());
      Command.of(Account.ROOT, mount.toArray(String[]::new)).output();

      assertThat(union.attempt("chmod 600 big").err()).contains("No space left on device");
      // with the write-back cache the error comes with the close
      assertThat(union.attempt("echo x | dd of=big oflag=append conv=notrunc status=none").err())
          .contains("No space left on device");
      // until the kernel forgets the file it shows what could not be written, as of any file system
      Command.script(Account.ROOT, "echo 2 > /proc/sys/vm/drop_caches").output();
      assertThat(union.run("sha256sum < big")).isEqualTo(sum);
      assertThat(union.run("echo x >> small; cat small")).isEqualTo("small\nx\n");
      assertThat(Command.script(Account.ROOT, "ls -A '" + union.upper() + "/u'").output())
          .isEqualTo("small\n");
      assertThat(union.run(": > big; stat -c %s big")).isEqualTo("0\n");
    } finally {
      Command.of(Account.ROOT, Tool.unionfs(), "umount", union.point().toString()).output();
      Command.of(Account.ROOT, "umount", union.upper().toString()).output();
    }
  }

  @MountTest(accounts = Account.USER)
  void unreadableLowerDirectoryFailsOnlyItsOwnFiles(Union union) throws Exception {
    union.layers("lower closed/f file \"\"\nlower open/f file \"text\"\nlower2 closed/g file \"\"");
    Command.of(Account.ROOT, "chmod", "000", union.lower() + "/closed").output();
    union.mount();

    assertThat(union.attempt("ls closed").err()).contains("Permission denied");
    assertThat(union.run("cat open/f; touch open/g; ls open")).isEqualTo("textf\ng\n");
    union.unmount(); // the tree cannot be walked
  }

  @MountTest(accounts = Account.ROOT)
  void marksThatAreNotFollowedFailTheirFileOnly(Union union) throws Exception {
    union.layers("lower2 d/f file \"text\"\nlower r dir\nlower ok file \"fine\"");
    Command.of(
            Account.ROOT,
            "setfattr",
            "-n",
            "trusted.overlay.redirect",
            "-v",
            "/d",
            union.lower() + "/r")
        .output();
    union.expectLog("redirect mark is not followed");
    union.incomparable("overlayfs follows it");
    union.mount("--redirect-dir=nofollow");

    assertThat(union.attempt("ls r").err()).contains("Input/output error");
    assertThat(union.run("cat ok d/f")).isEqualTo("finetext");
    union.run("touch ok2");
    union.unmount(); // the tree cannot be walked
  }

  @MountTest(accounts = Account.ROOT)
  void layerThatPointsOutOfItselfIsNotFollowed(Union union) throws Exception {
    Files.writeString(union.home().resolve("canary"), "secret");
    union.layers(
        "lower2 d/f file \"text\"\nlower d symlink \"..\"\nlower e/x symlink \"/etc/passwd\"");
    union.mount();

    assertThat(union.run("readlink d e/x")).isEqualTo("..\n/etc/passwd\n");
    union.run("chmod -h 600 e/x 2>/dev/null || true; chown -h 1:1 e/x; touch -h e/x");
    assertThat(union.run("stat -c %u e/x")).isEqualTo("1\n");
    assertThat(Files.getAttribute(java.nio.file.Path.of("/etc/passwd"), "unix:uid")).isEqualTo(0);
  }
}
