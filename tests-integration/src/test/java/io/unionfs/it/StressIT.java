package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;

/*
 * Each group runs at the same time, so that its stressors are in each other's way. Left out are those that
 * mount, or that sync all file systems of the machine. What fails in a plain directory is not asked of a
 * union.
 */
/** stress-ng's stressors of files and directories, which verify what they did. */
@Tag("system")
class StressIT {
  private static final List<List<String>> GROUPS =
      List.of(
          List.of("dentry", "dir", "dirdeep", "dirmany", "filename", "getdent", "mknod"),
          List.of("access", "chattr", "chdir", "chmod", "chown", "inode-flags", "touch", "utime"),
          List.of("flock", "lease", "locka", "lockf", "lockofd", "fcntl", "dup", "sigio"),
          List.of("copy-file", "fallocate", "fpunch", "fsize", "hdd", "iomix", "seek", "sync-file"),
          List.of(
              "mmap", "msync", "mmapfork", "mmapmany", "readahead", "revio", "sendfile", "splice"),
          List.of(
              "aio", "aiol", "dnotify", "fanotify", "fiemap", "file-ioctl", "handle", "inotify"),
          List.of("link", "rename", "symlink", "open", "fstat", "verity", "xattr", "tee"));

  private static final Pattern FAILED = Pattern.compile("fail:? +\\[\\d+\\] ([a-z-]+)");

  private static final Map<Account, Set<String>> FAIL_ANYWAY = new EnumMap<>(Account.class);

  @MountTest
  void whatPassesInAPlainDirectoryPasses(Union union) throws Exception {
    Needs.programs("stress-ng");
    Set<String> anyway = FAIL_ANYWAY.get(union.account());
    if (anyway == null) {
      anyway = new TreeSet<>();
      Path plain = union.home().resolve("plain");
      Command.of(union.account(), "mkdir", plain.toString()).output();
      for (List<String> group : GROUPS) {
        anyway.addAll(failing(union, plain, group));
      }
      FAIL_ANYWAY.put(union.account(), anyway);
    }
    union.mount();

    for (List<String> group : GROUPS) {
      List<String> asked = new ArrayList<>(group);
      asked.removeAll(anyway);
      assertThat(failing(union, union.point(), asked)).as("not " + anyway).isEmpty();
      assertThat(union.run("ls -A")).isEmpty();
    }
  }

  /** The stressors of a group that find something wrong. */
  private static Set<String> failing(Union union, Path where, List<String> group) throws Exception {
    StringBuilder line = new StringBuilder("exec stress-ng --verify --timeout 3 --temp-path .");
    group.forEach(name -> line.append(" --").append(name).append(" 1"));
    Command.Result result = Command.script(union.account(), line.toString()).in(where).run();
    Set<String> failed = new TreeSet<>();
    FAILED
        .matcher(result.out() + result.err())
        .results()
        .forEach(match -> failed.add(match.group(1)));
    if (result.status() != 0 && failed.isEmpty()) {
      throw new AssertionError(result.status() + ": " + result.out() + result.err());
    }
    return failed;
  }
}
