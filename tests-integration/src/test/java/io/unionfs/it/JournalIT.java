package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;

/** Logs that go to the journal of systemd, which a program of the test stands for. */
class JournalIT {
  /* Nothing of the real one is seen: /run is another file system in this mount namespace. */
  private static final String JOURNAL =
      """
      mount -t tmpfs none /run
      mkdir -p /run/systemd/journal j
      mount --bind j /run/systemd/journal
      journal() {
        rm -f j/socket
        perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, sockaddr_un("j/socket")) or die $!; $| = 1;
          while (defined recv(S, $m, 1 << 20, 0)) { print $m, "\\n" }' > "$1" &
        until [ -S j/socket ]; do :; done
      }
      """;

  private static Command inNamespace(Union union, String script) {
    return Command.of(Account.ROOT, "unshare", "--mount", "bash", "-euc", JOURNAL + script)
        .in(union.home());
  }

  private static String read(Union union, String file) throws Exception {
    return Files.readString(union.home().resolve(file), StandardCharsets.ISO_8859_1);
  }

  /* Its path is covered after the mount, as it may be by the mount, and the journal started again. */
  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.JNR_FUSE})
  void linesGoToTheJournalAlsoToOneThatIsStartedAgain(Union union) throws Exception {
    union.layers("lower f file \"text\"");
    String script =
        """
        journal first; first=$!
        ln -s mnt way
        %s -o lowerdir=lower,log=journal,log_level=info way
        cat mnt/f > /dev/null
        mount -t tmpfs none /run/systemd
        kill $first; wait $first || true
        journal second; second=$!
        '%s' umount mnt
        until grep -q unmounted second || [ $SECONDS -gt 60 ]; do :; done
        kill $second
        """
            .formatted(String.join(" ", union.bareCommand()), Tool.unionfs());

    inNamespace(union, script).output();

    assertThat(read(union, "first").lines())
        .contains("PRIORITY=6", "SYSLOG_IDENTIFIER=unionfs-mount", "UNIONFS_MOUNT=" + union.point())
        .anyMatch(line -> line.startsWith("MESSAGE=transport "));
    assertThat(read(union, "second").lines())
        .anyMatch(line -> line.startsWith("MESSAGE=unmounted "));
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void withoutAJournalNothingIsMounted(Union union) throws Exception {
    Command.Result result =
        inNamespace(union, String.join(" ", union.bareCommand()) + " --log journal -l lower mnt")
            .run();

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err())
        .isEqualTo(
            "unionfs-mount: no journal to log to: /run/systemd/journal/socket: No such file or directory\n");
    assertThat(union.isMounted()).isFalse();
    assertThat(union.hasServer()).isFalse();
  }
}
