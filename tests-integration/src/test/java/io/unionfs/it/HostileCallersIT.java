package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Programs that try every field of a call at its edges: the answer is that of a plain directory.
 */
class HostileCallersIT {
  /* docs/DEVIATIONS.md has the reasons. */
  private static final List<String> EVERYWHERE = List.of();
  private static final List<String> JNR_FUSE = List.of();

  @MountTest
  void offsets(Union union) throws Exception {
    compare(union, "offsets");
  }

  @MountTest
  void sizes(Union union) throws Exception {
    compare(union, "sizes");
  }

  @MountTest
  void waysToOpenAndModes(Union union) throws Exception {
    compare(union, "opens");
  }

  @MountTest
  void names(Union union) throws Exception {
    compare(union, "names");
  }

  @MountTest
  void flagsIdsAndTimes(Union union) throws Exception {
    compare(union, "flags");
  }

  @MountTest
  void xattrs(Union union) throws Exception {
    compare(union, "xattrs");
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

    assertThat(run(union, union.point(), group))
        .containsExactlyElementsOf(run(union, plain, group));
  }

  private static List<String> run(Union union, Path directory, String group) throws Exception {
    String leftOut =
        (union.variant().isKernel() ? EVERYWHERE : JNR_FUSE)
            .stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
    return Command.script(
            union.account(), "python3 '%s' %s %s".formatted(script(union), group, leftOut))
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
