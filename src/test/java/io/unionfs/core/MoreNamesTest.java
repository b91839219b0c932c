package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.offline.Change;
import io.unionfs.offline.DiffSink;
import io.unionfs.offline.OpenLayers;
import io.unionfs.offline.UpperDiff;
import io.unionfs.sys.Errno;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a diff tells of the names of a changed hard link that only a lower has. */
class MoreNamesTest {
  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private static List<String> diff(UnionFileSystem fs) throws IOException {
    return diff(fs, false);
  }

  private static List<String> diff(UnionFileSystem fs, boolean links) throws IOException {
    List<String> told = new ArrayList<>();
    try (OpenLayers layers = OpenLayers.open(Sys.linux(), LiveUpper.sources(fs))) {
      UpperDiff.run(
          layers,
          List.of(),
          true,
          links,
          new DiffSink() {
            @Override
            public void change(Change change) {
              Change.Version after = change.after();
              String more = after == null ? "" : "" + after.moreNames();
              told.add(change.kind() + " " + change.path() + more);
              if (after != null && links) {
                assertThat(after.lowerNames()).hasSize(after.moreNames());
                after.lowerNames().forEach(name -> told.add("= " + name));
              } else if (after != null) {
                assertThat(after.lowerNames()).isEmpty();
              }
            }

            @Override
            public void problem(Name path, int errno) {
              throw new AssertionError(path + ": " + Errno.message(errno));
            }
          });
    }
    return told;
  }

  @Test
  void namesThatOnlyTheLowersHaveAreCounted() throws Exception {
    Path lower = Files.createDirectories(home.resolve("lower"));
    Files.writeString(lower.resolve("h"), "linked");
    Files.createLink(lower.resolve("i"), lower.resolve("h"));
    Files.createLink(lower.resolve("j"), lower.resolve("h"));
    Files.writeString(lower.resolve("single"), "x");
    try (OpenUnion union = OpenUnion.in(home)) {
      UnionSide side = new UnionSide(union.fs());
      side.write("h", 0, new byte[] {1});
      side.write("single", 0, new byte[] {1});
      assertThat(diff(union.fs())).containsExactly("modified h2", "modified single0");

      side.write("i", 0, new byte[] {2}); // the same file
      side.chmod("i", 0600);
      assertThat(diff(union.fs())).containsExactly("modified h2", "modified single0");

      side.unlink("j");
      assertThat(diff(union.fs())).contains("modified h1", "deleted j");

      side.unlink("i");
      assertThat(diff(union.fs())).contains("modified h0", "deleted i", "deleted j");
    }
  }

  @Test
  void namesThatOnlyTheLowersHaveAreFoundByAWalk() throws Exception {
    Path lower = Files.createDirectories(home.resolve("lower"));
    Files.createDirectories(lower.resolve("d/e"));
    Files.createDirectories(lower.resolve("gone"));
    Files.writeString(lower.resolve("h"), "linked");
    for (String name : List.of("d/i", "d/e/j", "gone/k", "l")) {
      Files.createLink(lower.resolve(name), lower.resolve("h"));
    }
    Files.writeString(lower.resolve("o"), "other");
    Files.createLink(lower.resolve("d/o"), lower.resolve("o"));
    Files.createLink(lower.resolve("p"), lower.resolve("o"));
    try (OpenUnion union = OpenUnion.in(home)) {
      UnionSide side = new UnionSide(union.fs());
      side.write("h", 0, new byte[] {1});
      side.unlink("l");
      side.unlink("gone/k");
      side.rmdir("gone");
      side.write("d/o", 0, new byte[] {1});

      assertThat(diff(union.fs(), true))
          .containsExactly(
              "modified d/o2",
              "= o",
              "= p",
              "deleted gone",
              "modified h2",
              "= d/e/j",
              "= d/i",
              "deleted l");
    }
  }
}
