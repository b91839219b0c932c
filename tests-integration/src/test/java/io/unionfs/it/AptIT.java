package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/*
 * The lower is a Debian that debootstrap made from the package source of this machine, with the archives
 * that the test installs already fetched, so that the unions need no network. The judge is a copy of it
 * in a plain directory, where the same was done. For root only: who runs a chroot of Debian is root.
 */
/** Packages are installed, upgraded, removed, and purged in a Debian that is a union. */
@Tag("system")
class AptIT {
  private static final long PATIENCE_SECONDS = 900;

  private static @Nullable Path home;

  /** Makes the Debian, and does in a copy of it what the unions will be compared with. */
  @BeforeAll
  static void makeDebian() throws IOException, InterruptedException {
    Needs.programs("debootstrap", "apt-get");
    assumeTrue(Account.isRoot(), "not root");
    Path made = Files.createTempDirectory("unionfs-it-debian-");
    home = made;
    Path script = made.resolve("debian.sh");
    try (InputStream source = AptIT.class.getResourceAsStream("/debian.sh")) {
      if (source == null) {
        throw new IOException("debian.sh is missing");
      }
      Files.copy(source, script);
    }
    int status = inside("make", made.resolve("debian"), made.resolve("make.log"));
    assumeTrue(
        status != 75,
        () -> "no Debian could be fetched from the package source of this machine: " + log("make"));
    assertThat(status).as(log("make")).isZero();
    Command.script(Account.ROOT, "cd '" + made + "'; cp -a debian plain").output();
    assertThat(inside("change", made.resolve("plain"), made.resolve("plain.log")))
        .as(log("plain"))
        .isZero();
  }

  @AfterAll
  static void removeDebian() throws IOException, InterruptedException {
    if (home != null) {
      Command.of(Account.ROOT, "rm", "-rf", "--one-file-system", home.toString()).output();
    }
  }

  @MountTest(accounts = Account.ROOT)
  void packagesAreInstalledUpgradedAndPurgedAsInAPlainDirectory(Union union) throws Exception {
    Path made = made();
    Command.script(
            Account.ROOT,
            "cd '%s'; rmdir lower; cp -a '%s/debian' lower".formatted(union.home(), made))
        .output();
    union.mount();

    int status = inside("change", union.point(), made.resolve("union.log"));

    assertThat(status).as(log("union")).isZero();
    assertThat(tree(union.point())).isEqualTo(tree(made.resolve("plain")));
    assertThat(said("union")).isEqualTo(said("plain"));
  }

  private static Path made() {
    Path made = home;
    if (made == null) {
      throw new AssertionError("there is no Debian");
    }
    return made;
  }

  /** Runs a part of debian.sh with mounts and processes that end with it; its exit status. */
  private static int inside(String part, Path root, Path log)
      throws IOException, InterruptedException {
    Process process =
        Command.of(
                Account.ROOT,
                "unshare",
                "--mount",
                "--propagation=private",
                "--pid",
                "--fork",
                "--kill-child",
                "bash",
                made().resolve("debian.sh").toString(),
                part,
                root.toString())
            .start(log.toFile(), log.toFile());
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("does not end: " + Files.readString(log));
    }
    return process.exitValue();
  }

  private static String log(String name) {
    try {
      String text = Files.readString(made().resolve(name + ".log"));
      return text.substring(Math.max(0, text.length() - 4000));
    } catch (IOException e) {
      throw new AssertionError("no log", e);
    }
  }

  /** What dpkg said it did, in its order. */
  private static String said(String name) throws IOException {
    return String.join(
        "\n",
        Files.readAllLines(made().resolve(name + ".log")).stream()
            .filter(
                line ->
                    line.matches(
                        "(Unpacking|Setting up|Removing|Purging|dpkg:|Preparing|verified).*"))
            .toList());
  }

  /* Without what tells the time, and without indexes that hold it. */
  private static String tree(Path root) throws IOException, InterruptedException {
    return Command.script(
            Account.ROOT,
            "find . -path ./var/log -prune -o -path ./var/cache -prune -o -path ./var/lib/apt"
                + " -prune -o -type d -printf '%P d %m %U:%G\\n"
                + "' -o -type l -printf '%P l %l\\n"
                + "' -o -printf '%P %y %m %U:%G %n %s\\n"
                + "' | LC_ALL=C sort; find . -path ./var/log -prune -o -path ./var/cache -prune -o"
                + " -path ./var/lib/apt -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0"
                + " sha256sum")
        .in(root)
        .output();
  }
}
