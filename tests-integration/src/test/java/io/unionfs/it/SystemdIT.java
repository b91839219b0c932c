package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;

/** What docs/MOUNT.md says of systemd, in one that is booted for it. */
@Tag("system")
class SystemdIT {
  private static final String SAID =
      """
      active
      text
      fuse.unionfs-mount
      /system.slice/mnt-x.mount
      free
      new
      transport kernel
      unmounted /mnt/x
      """;

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void mountUnitIsMountedAfterItsLayersAndLogsToTheJournal(Union union) throws Exception {
    assertThat(boot(union, "unit")).isEqualTo(SAID);
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void lineOfFstabIsMountedAfterItsLayers(Union union) throws Exception {
    assertThat(boot(union, "fstab")).isEqualTo(SAID);
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void lineOfFstabIsMountedWhenItIsFirstUsed(Union union) throws Exception {
    assertThat(boot(union, "automount")).isEqualTo(SAID);
  }

  /** What the checks in it said, which ends with the first that fails. */
  private static String boot(Union union, String way) throws Exception {
    Needs.programs("systemctl", "systemd-analyze", "journalctl");
    String found =
        Command.script(Account.ROOT, "findmnt -t cgroup2 -nro TARGET | sed 1q").output().strip();
    assumeTrue(
        !found.isEmpty() && Files.isWritable(Path.of(found)), "no cgroup2 that can be written");
    Path group = Path.of(found, String.valueOf(union.home().getFileName()));
    Path script = union.home().resolve("systemd.sh");
    try (InputStream source = SystemdIT.class.getResourceAsStream("/systemd.sh")) {
      Files.copy(source, script);
    }

    Command.Result result;
    try {
      result =
          Command.of(
                  Account.ROOT,
                  "unshare",
                  "--mount",
                  "--propagation=private",
                  "--pid",
                  "--fork",
                  "--kill-child",
                  "--uts",
                  "--ipc",
                  "--mount-proc",
                  "bash",
                  script.toString(),
                  union.home().toString(),
                  Path.of(Tool.mount()).resolveSibling("").toString(),
                  Path.of("..", "docs", "MOUNT.md").toRealPath().toString(),
                  group.toString(),
                  way)
              .run();
    } finally {
      Union.await("its processes are gone", () -> isRemoved(group));
    }

    assertThat(result.out() + result.err()).isEmpty();
    return Files.readString(union.home().resolve("out/said"));
  }

  private static boolean isRemoved(Path group) {
    try {
      Command.script(
              Account.ROOT,
              "[ ! -d '" + group + "' ] || find '" + group + "' -depth -type d -exec rmdir {} +")
          .run();
      return !Files.exists(group);
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
