package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.offline.Discard;
import io.unionfs.offline.LayerSources;
import io.unionfs.offline.Paths;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a discard of one name of a hard link does to the others. */
class DiscardedLinksTest {
  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

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

  private static int links(OpenUnion union, String path) throws Exception {
    return union.stat(union.file(path)).nlink;
  }

  private static void discardFailing(OpenUnion union, String... paths) throws Exception {
    try {
      LiveUpper.discard(union.fs(), paths);
    } catch (ErrnoException e) {
      assertThat(e.errno()).isIn(Errno.EIO, Errno.ENFILE);
    }
  }

  private static void discardWhatIsLeft(OpenUnion union) throws Exception {
    List<String> left = new ArrayList<>();
    for (String path : List.of("h2", "d")) {
      if (union.fs().lookup(union.root(), Name.of(path)) == null) {
        left.add(path);
      }
    }
    LiveUpper.discard(union.fs(), left.toArray(String[]::new));
  }

  private interface Discarded {
    void run(OpenUnion union) throws Exception;
  }

  /* Each call fails once, and then the same is done again. */
  private void requireCounts(Discarded discarded, Discarded again, FailingSys live)
      throws Exception {
    makeLower();
    int at = -1;
    int calls = 0;
    for (; at < calls; at++) {
      Path run = Files.createDirectory(home.resolve("run" + at));
      Files.createSymbolicLink(run.resolve("lower"), home.resolve("lower"));
      try (OpenUnion union = OpenUnion.in(live, run, options -> options)) {
        UnionSide side = new UnionSide(union.fs());
        write(side, "h1");
        for (String name : List.of("h2", "d/h4", "d/h5")) {
          side.unlink(name);
        }
        side.unlink("d/other");
        side.rmdir("d");
        assertThat(links(union, "h1")).isEqualTo(2);
        live.failAt(at);

        discarded.run(union);

        calls = Math.max(calls, live.calls().size());
        live.failAt(-1);
        again.run(union);
        assertThat(links(union, "h1")).as("call " + at).isEqualTo(5);
        union.remount();
        assertThat(links(union, "d/h5")).as("call " + at).isEqualTo(5);
        assertThat(union.read(union.file("d/h4"))).isEqualTo("CHANGED");
      }
    }
    assertThat(calls).isGreaterThan(5);
  }

  @Test
  void namesThatShowAgainAreCountedOnceHoweverOftenItIsTried() throws Exception {
    requireCounts(
        union -> discardFailing(union, "h2", "d"),
        DiscardedLinksTest::discardWhatIsLeft,
        new FailingSys(Errno.EIO));
  }

  @Test
  void namesThatShowAgainAreCountedOnceWithoutAMount() throws Exception {
    FailingSys sys = new FailingSys(Errno.ENOSPC);
    requireCounts(
        union -> {
          LayerSources sources = LiveUpper.sources(union.fs());
          union.fs().close();
          try (Discard discard = Discard.open(sys, sources, List.of(names("h2"), names("d")))) {
            sys.failAt(sys.failing());
            discard.run();
          } catch (IOException e) {
            assertThat(e).hasMessageMatching(".*(space|open files).*");
          }
        },
        union -> {
          union.remount();
          discardWhatIsLeft(union);
        },
        sys);
  }

  /* Else the last but one that is removed would take the copy with it, and with it the change. */
  @Test
  void nameDeletedInARenamedDirectoryCountsAgain() throws Exception {
    makeLower();
    try (OpenUnion union = OpenUnion.in(home, options -> options.redirectDir(RedirectDir.ON))) {
      UnionSide side = new UnionSide(union.fs());
      write(side, "h1");
      side.rename("d", "e", 0);
      side.unlink("e/h5");
      assertThat(links(union, "h1")).isEqualTo(4);
      LayerSources sources = LiveUpper.sources(union.fs());
      union.fs().close();

      try (Discard discard = Discard.open(Sys.linux(), sources, List.of(names("d"), names("e")))) {
        discard.run();
      }

      union.remount();
      assertThat(links(union, "h1")).isEqualTo(5);
      UnionSide after = new UnionSide(union.fs());
      for (String name : List.of("h1", "h2", "h3", "d/h4")) {
        after.unlink(name);
        union.remount();
        after = new UnionSide(union.fs());
        assertThat(union.read(union.file("d/h5"))).as("without " + name).isEqualTo("CHANGED");
      }
    }
  }

  /* The file that took the place of one name has several names itself. */
  @Test
  void nameThatAnotherHardLinkHidCountsAgain() throws Exception {
    makeLower();
    try (OpenUnion union = OpenUnion.in(home)) {
      UnionSide side = new UnionSide(union.fs());
      write(side, "h1");
      write(side, "other");
      side.rename("other", "h2", 0);
      assertThat(links(union, "h1")).isEqualTo(4);

      LiveUpper.discard(union.fs(), "other", "h2");

      assertThat(links(union, "h1")).isEqualTo(5);
      assertThat(links(union, "other")).isEqualTo(2);
      assertThat(union.read(union.file("h2"))).isEqualTo("CHANGED");
    }
  }
}
