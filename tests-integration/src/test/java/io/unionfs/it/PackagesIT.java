package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The packages that the build makes, where there is no Java. */
class PackagesIT {
  private static final String JAVA = System.getProperty("java.home");
  private static final long PATIENCE_SECONDS = 900;

  private static @Nullable Path home;

  /** Unpacks the archive, in a directory with a blank in its name. */
  @BeforeAll
  static void unpack() throws IOException, InterruptedException {
    assumeTrue(
        !"false".equals(System.getProperty("unionfs.packages")), "built without the packages");
    assumeTrue(
        Files.exists(Path.of(JAVA, "jmods", "java.base.jmod")),
        "this JDK has no jmods, so the build made no packages");
    Path made = Files.createTempDirectory("unionfs-it-packages-");
    home = made;
    try (InputStream source = PackagesIT.class.getResourceAsStream("/packages.sh")) {
      if (source == null) {
        throw new IOException("packages.sh is missing");
      }
      Files.copy(source, made.resolve("packages.sh"));
    }
    Path parent = Files.createDirectory(made.resolve("any place"));
    Command.of(Account.ROOT, "chmod", "755", made.toString(), parent.toString()).output();
    Command.of(Account.ROOT, "tar", "-xzf", made("*-linux-*.tar.gz").toString(), "-C", parent + "")
        .output();
  }

  @AfterAll
  static void remove() throws IOException, InterruptedException {
    if (home != null) {
      Command.of(Account.ROOT, "rm", "-rf", "--one-file-system", home.toString()).output();
    }
  }

  private static Path home() {
    Path made = home;
    if (made == null) {
      throw new AssertionError("nothing is unpacked");
    }
    return made;
  }

  /** The one file of the build that matches. */
  private static Path made(String glob) throws IOException {
    List<Path> found = new ArrayList<>();
    Path target = Path.of("..", "mount-tool", "target").toRealPath();
    try (var files = Files.newDirectoryStream(target, glob)) {
      files.forEach(found::add);
    }
    assertThat(found).as(glob + " in " + target).hasSize(1);
    return found.get(0);
  }

  private static Path unpacked() throws IOException {
    try (Stream<Path> entries = Files.list(home().resolve("any place"))) {
      return entries.findFirst().orElseThrow();
    }
  }

  /** Runs a part of packages.sh with mounts and processes that end with it. */
  private static Command.Result inside(String... words) throws IOException, InterruptedException {
    List<String> line =
        new ArrayList<>(List.of("unshare", "--mount", "--propagation=private", "--pid", "--fork"));
    line.addAll(List.of("--kill-child", "--mount-proc", "env", "JAVA_DIRECTORY=" + JAVA));
    line.addAll(List.of(words));
    return Command.of(Account.ROOT, line.toArray(String[]::new)).patience(PATIENCE_SECONDS).run();
  }

  private static String script() {
    return home().resolve("packages.sh").toString();
  }

  @MountTest
  void archiveWorksReadOnlyInAnyPlaceWithoutJava(Union union) throws Exception {
    assumeTrue(Account.isRoot(), "not root");
    union.layers("lower f file \"text\\n\"");
    List<String> words =
        new ArrayList<>(
            List.of(
                "OPTIONS=" + String.join(" ", union.variant().options()),
                "bash",
                script(),
                "archive",
                unpacked().toString(),
                union.home().toString()));
    words.addAll(union.account().prefix());

    Command.Result result = inside(words.toArray(String[]::new));

    assertThat(result.err()).isEmpty();
    assertThat(result.out()).matches("unionfs [0-9].*\ntext\n");
    assertThat(result.status()).isZero();
    assertThat(union.upper().resolve("f")).hasContent("new\n");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void debianPackageIsInstalledUsedByMountAndFstabAndRemoved(Union union) throws Exception {
    Command.Result result =
        inside("bash", script(), "debian", made("*.deb").toString(), union.home().toString());

    assertThat(result.out() + result.err()).startsWith(USED).endsWith(MANUALS + REMOVED);
    assertThat(result.status()).isZero();
  }

  @Tag("system")
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void debianPackageNeedsNothingBesideAFreshSystem(Union union) throws Exception {
    Needs.programs("debootstrap");
    fetchDebian(union);

    Command.Result result =
        inside("bash", script(), "fresh", made("*.deb").toString(), union.home().toString());

    assertThat(result.out() + result.err()).isEqualTo(USED + REMOVED);
    assertThat(result.status()).isZero();
  }

  /* Into the union's home, from the package source of this machine. */
  private static Path fetchDebian(Union union) throws IOException, InterruptedException {
    Path debian = union.home().resolve("debian");
    String fetch =
        ". /etc/os-release; debootstrap --variant=minbase $VERSION_CODENAME '%s' \"$(apt-get"
            + " indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Component: main'"
            + " \"Codename: $VERSION_CODENAME\" | sed 1q)\" >&2";
    Command.Result fetched = inside("bash", "-euc", fetch.formatted(debian));
    assumeTrue(fetched.status() == 0, () -> "no Debian could be fetched: " + fetched.err());
    return debian;
  }

  /* As docs/CONTAINERS.md has them, with what the network gives as Debian's image. */
  @Tag("system")
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void recipesForImagesOfDebianAreWhatTheySay(Union union) throws Exception {
    Needs.programs("debootstrap", "podman", "buildah", "runc");
    Path debian = fetchDebian(union);
    Path script = home().resolve("image.sh");
    try (InputStream source = PackagesIT.class.getResourceAsStream("/image.sh")) {
      Files.copy(source, script);
    }
    Path home = Files.createDirectory(union.home().resolve("podman"));

    Command.Result result =
        inside(
            "sh",
            script.toString(),
            made("*.deb").toString(),
            home.toString(),
            debian.toString(),
            Tool.mount(),
            Path.of("..", "docs", "CONTAINERS.md").toRealPath().toString());

    assertThat(result.out()).as(result.err()).isEqualTo("debian_version\nchanged\ndone\n");
    assertThat(result.status()).as(result.err()).isZero();
  }

  /* With the device and the right to mount, and nothing else of the host. */
  @Tag("system")
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void archiveWorksInsideAContainerThatCannotBeWritten(Union union) throws Exception {
    Needs.programs("podman", "runc", "busybox");
    Path script = home().resolve("container.sh");
    try (InputStream source = PackagesIT.class.getResourceAsStream("/container.sh")) {
      Files.copy(source, script);
    }

    Command.Result result =
        inside("sh", script.toString(), unpacked().toString(), union.home().toString());

    assertThat(result.out()).as(result.err()).isEqualTo("text\nchanged\ndone\n");
    assertThat(result.status()).isZero();
  }

  @Tag("system")
  @Test
  void debianPackageFollowsTheRulesOfDebian() throws IOException, InterruptedException {
    Needs.programs("lintian");

    Command.Result said =
        Command.of(
                Account.ROOT,
                "lintian",
                "--allow-root",
                "--fail-on",
                "error,warning",
                made("*.deb").toString())
            .patience(PATIENCE_SECONDS)
            .run();

    assertThat(said.out()).isEmpty();
    assertThat(said.status()).as(said.err()).isZero();
  }

  private static final String USED =
      """
      none fuse.unionfs-mount
      of a
      of b
      /srv/m
      of a
      more
      character special file
      """;

  private static final String MANUALS =
      """
      /usr/share/man/man1/unionfs.1.gz
      /usr/share/man/man1/unionfs-mount.1.gz
      /usr/share/man/man1/unionfs-umount.1.gz
      /usr/share/man/man1/unionfs-list.1.gz
      /usr/share/man/man8/mount.fuse.unionfs-mount.8.gz
      """;

  private static final String REMOVED = "used\nremoved\n";

  @Test
  void runtimeHasTheModulesThatTheJarsNeed() throws IOException, InterruptedException {
    StringWriter said = new StringWriter();
    List<String> arguments =
        new ArrayList<>(
            List.of("--ignore-missing-deps", "--multi-release", "17", "--print-module-deps"));
    try (Stream<Path> jars = Files.list(unpacked().resolve("lib"))) {
      jars.map(Path::toString).forEach(arguments::add);
    }
    arguments.add(unpacked().resolve("unionfs-mount-tool.jar").toString());
    int status =
        ToolProvider.findFirst("jdeps")
            .orElseThrow()
            .run(new PrintWriter(said), new PrintWriter(said), arguments.toArray(String[]::new));
    assertThat(status).as(said.toString()).isZero();

    String modules =
        Command.of(
                Account.ROOT, unpacked().resolve("runtime/bin/java").toString(), "--list-modules")
            .output();

    for (String needed : said.toString().strip().split(",", -1)) {
      assertThat(modules).contains(needed + "@");
    }
  }
}
