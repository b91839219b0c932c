package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.offline.Discard;
import io.unionfs.offline.Paths;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a discard of one name of a hard link does to the others. */
class DiscardedLinksTest {
  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private static final class WithoutHandles extends Sys {
    @Override
    public @Nullable FileHandle nameToHandleAt(int dirFd, Name name) {
      return null;
    }

    @Override
    public @Nullable FileHandle handleOf(int fd) {
      return null;
    }
  }

  private void makeLower() throws Exception {
    Files.createDirectories(home.resolve("lower/d"));
    Files.writeString(home.resolve("lower/h1"), "linked");
    for (String name : List.of("h2", "h3", "d/h4", "d/h5")) {
      Files.createLink(home.resolve("lower").resolve(name), home.resolve("lower/h1"));
    }
    Files.writeString(home.resolve("lower/other"), "other");
    Files.createLink(home.resolve("lower/d/other"), home.resolve("lower/other"));
  }

  private static List<Name> names(String path) {
    return Paths.split(path.getBytes(StandardCharsets.UTF_8));
  }

  private static void write(UnionSide side, String path) throws Exception {
    side.write(path, 0, "CHANGED".getBytes(StandardCharsets.UTF_8));
  }

  private static List<String> taken(OpenUnion union, String discarded) throws Exception {
    return taken(Sys.linux(), union, discarded);
  }

  private static List<String> taken(Sys sys, OpenUnion union, String discarded) throws Exception {
    try (Discard discard =
        Discard.ofMounted(sys, LiveUpper.sources(union.fs()), List.of(names(discarded)))) {
      List<String> taken = new ArrayList<>();
      for (String path :
          List.of("h1", "h2", "h3", "d/h4", "d/h5", "other", "d/other", "d", "new", "no/thing")) {
        if (discard.takes(names(path))) {
          taken.add(path);
        }
      }
      return taken;
    }
  }

  /* What is mounted on one of them would be unmounted. */
  @Test
  void namesOfTheLowersAreTakenWithTheCopy() throws Exception {
    makeLower();
    try (OpenUnion union = OpenUnion.in(home)) {
      UnionSide side = new UnionSide(union.fs());
      write(side, "h1");
      side.unlink("d/h5");
      write(side, "d/other");
      side.create("new", 0644);

      assertThat(taken(union, "h1")).containsExactly("h1", "h2", "h3", "d/h4");
      assertThat(taken(union, "d/other")).containsExactly("other", "d/other");
      assertThat(taken(union, "new")).containsExactly("new");
      assertThat(taken(union, "d/h5")).containsExactly("d/h5");
    }
  }

  /* The copy has no name in the upper any more: any name of a lower is its whole change. */
  @Test
  void namesOfTheLowersAreTakenWithACopyThatHasNoOtherName() throws Exception {
    makeLower();
    try (OpenUnion union = OpenUnion.in(home)) {
      UnionSide side = new UnionSide(union.fs());
      write(side, "h1");
      side.unlink("h1");

      assertThat(taken(union, "h2")).containsExactly("h2", "h3", "d/h4", "d/h5");
    }
  }

  @Test
  void namesOfTheLowersAreTakenWithACopyThatHasNoIndex() throws Exception {
    makeLower();
    Sys sys = new WithoutHandles();
    try (OpenUnion union = OpenUnion.in(sys, home, options -> options)) {
      write(new UnionSide(union.fs()), "h1");

      assertThat(taken(sys, union, "h1")).containsExactly("h1", "h2", "h3", "d/h4", "d/h5");
      assertThat(taken(sys, union, "h3")).isEmpty();
    }
  }
}
