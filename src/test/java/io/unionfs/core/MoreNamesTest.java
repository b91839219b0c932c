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
    List<String> told = new ArrayList<>();
    try (OpenLayers layers = OpenLayers.open(Sys.linux(), LiveUpper.sources(fs))) {
      UpperDiff.run(
          layers,
          List.of(),
          true,
          new DiffSink() {
            @Override
            public void change(Change change) {
              Change.Version after = change.after();
              told.add(
                  change.kind() + " " + change.path() + (after == null ? "" : after.moreNames()));
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
}
