package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;

/**
 * Programs that try every field of a call at its edges: the answer is that of a plain directory.
 */
class HostileCallersIT {
  /* Patterns of lines; docs/DEVIATIONS.md has the reasons. */
  private static final List<String> DIFFERENT =
      List.of(
          "mknod 2 0*",
          "renameat2 * [45]",
          "lseek * 4611686018427387904 *",
          "lseek * 9223372036854775807 *");
  private static final List<String> DIFFERENT_WITH_JNR_FUSE =
      List.of("renameat2 * [12]", "lseek * [34]", "open * 20[0-9][0-9]400[0-3]");

  @MountTest
  void edgesOfOffsetsSizesNamesAndXattrs(Union union) throws Exception {
    compare(union, "offsets,sizes,names,xattrs");
  }

  @Tag("system")
  @MountTest
  void edgesOfFlagsModesIdsAndTimes(Union union) throws Exception {
    compare(union, "opens,flags");
  }

  private static void compare(Union union, String group) throws Exception {
    union.layers(
        """
        lower tree/file file "12345"
        lower tree/big file "0123456789"
        lower tree/empty file ""
        lower tree/dir dir 0755
        lower tree/full/sub dir 0755
        lower tree/link symlink "file"
        lower tree/dangling symlink "nowhere"
        lower tree/fifo fifo
        """);
    Command.script(
            Account.ROOT, "setfattr -n user.there -v there '" + union.lower() + "/tree/file'")
        .output();
    union.mount();
    Path plain = Files.createDirectory(union.home().resolve("plain"));
    Command.script(
            Account.ROOT,
            "cp -a '%s/tree' '%s'; chown %d:%d '%s'"
                .formatted(
                    union.lower(), plain, union.account().uid(), union.account().gid(), plain))
        .output();

    List<String> expected = run(union, plain, group);
    List<String> actual = run(union, union.point(), group);
    List<String> different = new ArrayList<>();
    for (int i = 0; i < Math.min(expected.size(), actual.size()); i++) {
      if (!expected.get(i).equals(actual.get(i))) {
        different.add("plain directory: " + expected.get(i) + ", union: " + actual.get(i));
      }
    }
    assertThat(different).isEmpty();
    assertThat(actual).hasSameSizeAs(expected).hasSizeGreaterThan(100);
  }

  private static List<String> run(Union union, Path directory, String group) throws Exception {
    List<String> leftOut = new ArrayList<>(DIFFERENT);
    if (!union.variant().isKernel()) {
      leftOut.addAll(DIFFERENT_WITH_JNR_FUSE);
    }
    String patterns =
        leftOut.stream().map(pattern -> "'" + pattern + "'").collect(Collectors.joining(" "));
    return Command.script(
            union.account(), "python3 '%s' %s %s".formatted(script(union), group, patterns))
        .in(directory)
        .output()
        .lines()
        .toList();
  }

  private static Path script(Union union) throws IOException {
    Path script = union.home().resolve("callers.py");
    if (!Files.exists(script)) {
      try (InputStream source = HostileCallersIT.class.getResourceAsStream("/callers.py")) {
        if (source == null) {
          throw new IOException("callers.py is missing");
        }
        Files.copy(source, script);
      }
    }
    return script;
  }
}
