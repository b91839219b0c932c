package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

class RefusedIT {
  private static void refuses(Union union, int status, String message, String... arguments)
      throws Exception {
    String[] line =
        Stream.concat(Stream.of(Tool.mount()), Stream.of(arguments)).toArray(String[]::new);

    Command.Result result = Command.of(union.account(), line).in(union.home()).run();

    assertThat(result.err())
        .startsWith("unionfs-mount: ")
        .contains(message)
        .doesNotContain("\tat ");
    assertThat(result.err().lines().filter(text -> text.startsWith("unionfs-mount: "))).hasSize(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.status()).isEqualTo(status);
    assertThat(union.isMounted()).isFalse();
    Union.await("no process is left", () -> !union.hasServer());
    assertThat(leftovers(union)).isEqualTo(List.of("lower", "mnt", "upper", "work"));
  }

  private static List<String> leftovers(Union union) throws Exception {
    try (Stream<Path> names = Files.list(union.home())) {
      return names.map(path -> String.valueOf(path.getFileName())).sorted().toList();
    }
  }

  @MountTest
  void wrongUsageNamesWhatIsMissing(Union union) throws Exception {
    refuses(union, 2, "no lower directory given", "--upper", "upper", "mnt");
    refuses(union, 2, "Missing required parameter", "--lower", "lower");
    refuses(union, 2, "there are 3", "--lower", "lower", "one", "two", "mnt");
    refuses(
        union,
        2,
        "two upper directories",
        "--lower",
        "lower",
        "--upper",
        "upper",
        "--upper",
        "work",
        "mnt");
    refuses(union, 2, "needs an upper directory", "--lower", "lower", "--work", "work", "mnt");
    refuses(
        union,
        2,
        "transport \"fast\" is unknown",
        "--transport",
        "fast",
        "--lower",
        "lower",
        "mnt");
    refuses(union, 2, "Unknown option", "--lowr", "lower", "mnt");
  }

  @MountTest
  void missingDirectoriesAreNamed(Union union) throws Exception {
    refuses(
        union,
        1,
        "lower directory nowhere: no such directory",
        "--lower",
        "nowhere",
        "--upper",
        "upper",
        "mnt");
    refuses(
        union,
        1,
        "upper directory nowhere: no such directory",
        "--lower",
        "lower",
        "--upper",
        "nowhere",
        "mnt");
    refuses(
        union,
        1,
        "mount point nowhere: no such directory",
        "--lower",
        "lower",
        "--upper",
        "upper",
        "nowhere");
  }

  @MountTest
  void lowerInsideTheUpperIsRefused(Union union) throws Exception {
    Files.createDirectories(union.upper().resolve("in/side"));

    refuses(
        union,
        1,
        "a lower must never change",
        "--lower",
        "upper/in/side",
        "--upper",
        "upper",
        "mnt");
    refuses(union, 1, "a lower must never change", "--lower", "upper", "--upper", "upper", "mnt");
    Files.delete(union.upper().resolve("in/side"));
    Files.delete(union.upper().resolve("in"));
  }

  @MountTest(accounts = Account.ROOT)
  void workOnAnotherFileSystemIsRefused(Union union) throws Exception {
    Command.script(Account.ROOT, "mount -t tmpfs none '" + union.work() + "'").output();
    try {
      refuses(
          union,
          1,
          "different file systems",
          "--lower",
          "lower",
          "--upper",
          "upper",
          "--work",
          "work",
          "mnt");
    } finally {
      Command.of(Account.ROOT, "umount", union.work().toString()).output();
    }
  }

  @MountTest(accounts = Account.USER)
  void unreadableDirectoryIsRefused(Union union) throws Exception {
    Command.of(Account.ROOT, "chmod", "000", union.lower().toString()).output();

    refuses(union, 1, "permission denied", "--lower", "lower", "--upper", "upper", "mnt");

    Command.of(Account.ROOT, "chmod", "755", union.lower().toString()).output();
  }

  @MountTest
  void fileAsMountPointIsRefused(Union union) throws Exception {
    refuses(
        union,
        1,
        "mount point /dev/null: not a directory",
        "--lower",
        "lower",
        "--upper",
        "upper",
        "/dev/null");
  }

  @MountTest
  void upperInUseNamesItsHolder(Union union) throws Exception {
    union.layers("lower f file \"\"").mount();
    Path second = Files.createDirectory(union.home().resolve("second"));
    Command.of(Account.ROOT, "chmod", "777", second.toString()).output();

    Command.Result result =
        Command.of(
                union.account(),
                Tool.mount(),
                "--lower",
                union.lower().toString(),
                "--upper",
                union.upper().toString(),
                second.toString())
            .run();

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err()).contains("is in use by process " + union.server().pid());
  }

  @MountTest
  void busyMountPointIsRefused(Union union) throws Exception {
    union.layers("lower f file \"\"").mount();

    Command.Result result =
        Command.of(
                union.account(),
                Tool.mount(),
                "--lower",
                union.lower().toString(),
                union.point().toString())
            .run();

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err()).contains("a union is mounted there");
  }

  @MountTest
  void unknownWordsOfMountAreWarnedOfAndMountGoesOn(Union union) throws Exception {
    Command.Result result =
        Command.of(
                union.account(),
                Tool.mount(),
                "-o",
                "lowerdir=" + union.lower() + ",frobnicate=1,,",
                union.point().toString())
            .run();

    assertThat(result.status()).isZero();
    assertThat(result.err())
        .isEqualTo("unionfs-mount: warning: unknown option frobnicate is ignored\n");
    Command.of(union.account(), Tool.unionfs(), "umount", union.point().toString()).output();
  }

  @MountTest
  void colonsInPathsAreEscaped(Union union) throws Exception {
    Path lower = Files.createDirectory(union.home().resolve("a:b"));
    Files.writeString(lower.resolve("f"), "text");
    Command.of(
            union.account(),
            Tool.mount(),
            "--lower",
            lower.toString().replace(":", "\\:") + ":" + union.lower(),
            union.point().toString())
        .output();

    assertThat(union.run("cat f")).isEqualTo("text");
    Command.of(union.account(), Tool.unionfs(), "umount", union.point().toString()).output();
  }
}
