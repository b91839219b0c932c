package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.core.CoreOracleTest.Call;
import io.unionfs.layer.MarkRules;
import io.unionfs.layer.Marks;
import io.unionfs.layer.WhiteoutFormat;
import io.unionfs.offline.Aspect;
import io.unionfs.offline.Change;
import io.unionfs.offline.Change.Kind;
import io.unionfs.offline.DiffSink;
import io.unionfs.offline.Discard;
import io.unionfs.offline.LayerSource;
import io.unionfs.offline.LayerSources;
import io.unionfs.offline.OpenLayers;
import io.unionfs.offline.Paths;
import io.unionfs.offline.UpperDiff;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/*
 * Applied to the tree of the lowers, the changes must give the tree of the union, and each of them must be
 * one. Both trees are walked as a whole through the core. Left out are names of lower hard links that only
 * a lower has: that their file was changed under another name can only be told from the index.
 */
/** What a diff tells after random calls, beside a comparison of whole trees. */
class UpperDiffOracleTest {
  private static final int ROUNDS = Integer.getInteger("unionfs.oracle.rounds", 150) / 5;
  private static final long SEED = Long.getLong("unionfs.oracle.seed", 20_260_202L);
  private static final int CALLS = 60;

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  @Test
  void changesLeadFromTheLowersToTheUnion() throws Exception {
    for (WhiteoutFormat format :
        new WhiteoutFormat[] {WhiteoutFormat.DEVICE, WhiteoutFormat.AUFS}) {
      for (int round = 0; round < ROUNDS; round++) {
        long seed = SEED + round;
        Path directory = Files.createTempDirectory(home, "round");
        try {
          compare(directory, seed, format);
        } catch (AssertionError e) {
          throw new AssertionError("seed " + seed + ", " + format + ": " + e.getMessage(), e);
        } finally {
          CoreOracleTest.remove(directory);
        }
      }
    }
  }

  private static void compare(Path directory, long seed, WhiteoutFormat format) throws Exception {
    Random random = new Random(seed);
    OracleLayers layers = OracleLayers.random(directory, random);
    MountOptions.Builder lowersOnly = MountOptions.builder();
    MountOptions.Builder options =
        MountOptions.builder().whiteouts(format).redirectDir(RedirectDir.ON);
    for (Path lower : layers.lowers()) {
      lowersOnly.lower(CoreOracleTest.bytes(lower));
      options.lower(CoreOracleTest.bytes(lower));
    }
    options.upper(CoreOracleTest.bytes(layers.upper()));
    SortedMap<String, String> union;
    try (UnionFileSystem fs = UnionFileSystem.open(Sys.linux(), options.build())) {
      UnionSide side = new UnionSide(fs);
      for (int i = 0; i < CALLS; i++) {
        Call call = CoreOracleTest.randomCall(random);
        call.run(side);
      }
      union = tree(side);
    }
    SortedMap<String, String> lowers;
    try (UnionFileSystem fs = UnionFileSystem.open(Sys.linux(), lowersOnly.build())) {
      lowers = tree(new UnionSide(fs));
    }
    List<Change> changes = diff(layers, format);
    String all = String.join("\n", changes.stream().map(UpperDiffOracleTest::show).toList());
    try {
      assertThat(applied(changes, lowers, union)).isEqualTo(withoutHardLinks(union));
      discardSome(layers, format, random);
      discardAll(layers, format, lowersOnly, options);
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\nchanges:\n" + all, e);
    }
  }

  /* What can be thrown away is gone from the diff then, and the rest of it stays. */
  private static void discardSome(OracleLayers layers, WhiteoutFormat format, Random random)
      throws IOException {
    List<Change> before = diff(layers, format);
    if (before.isEmpty()) {
      return;
    }
    Name path = before.get(random.nextInt(before.size())).path();
    try (Discard discard =
        Discard.open(Sys.linux(), sources(layers, format), List.of(Paths.split(path.bytes())))) {
      try {
        discard.check();
      } catch (IOException e) {
        assertThat(e).hasMessageContainingAll("discard");
        return;
      }
      discard.run();
    }
    assertThat(diff(layers, format).stream().map(UpperDiffOracleTest::show).toList())
        .as("discarded " + path)
        .isEqualTo(
            before.stream()
                .filter(change -> !isBelow(change.path().toString(), path.toString()))
                .map(UpperDiffOracleTest::show)
                .toList());
  }

  private static void discardAll(
      OracleLayers layers,
      WhiteoutFormat format,
      MountOptions.Builder lowersOnly,
      MountOptions.Builder options)
      throws IOException, ErrnoException {
    try (Discard discard = Discard.open(Sys.linux(), sources(layers, format), List.of(List.of()))) {
      discard.run();
    }
    SortedMap<String, String> expected;
    try (UnionFileSystem fs = UnionFileSystem.open(Sys.linux(), lowersOnly.build())) {
      expected = tree(new UnionSide(fs));
    }
    try (UnionFileSystem fs = UnionFileSystem.open(Sys.linux(), options.build())) {
      assertThat(tree(new UnionSide(fs))).as("discarded everything").isEqualTo(expected);
    }
  }

  private static String show(Change change) {
    return change.kind() + " " + change.from() + " " + change.path() + " " + change.aspects();
  }

  private static List<Change> diff(OracleLayers layers, WhiteoutFormat format) throws IOException {
    List<Change> changes = new ArrayList<>();
    try (OpenLayers open = OpenLayers.open(Sys.linux(), sources(layers, format))) {
      UpperDiff.run(
          open,
          List.of(),
          true,
          false,
          new DiffSink() {
            @Override
            public void change(Change change) {
              changes.add(change);
            }

            @Override
            public void problem(Name path, int errno) {
              throw new AssertionError("problem with " + path + ": " + errno);
            }
          });
    }
    return changes;
  }

  private static LayerSources sources(OracleLayers layers, WhiteoutFormat format) {
    return new LayerSources(
        layers.lowers().stream().map(UpperDiffOracleTest::source).toList(),
        source(layers.upper()),
        null,
        new MarkRules(Marks.Follow.ALL, null, format == WhiteoutFormat.AUFS),
        false);
  }

  private static LayerSource source(Path path) {
    return LayerSource.of(CoreOracleTest.bytes(path));
  }

  /* All paths, each with what a diff can tell of. */
  private static SortedMap<String, String> tree(UnionSide side) throws ErrnoException {
    SortedMap<String, String> tree = new TreeMap<>();
    List<String> open = new ArrayList<>(List.of(""));
    while (!open.isEmpty()) {
      String dir = open.remove(open.size() - 1);
      for (String name : side.names(dir)) {
        String path = dir.isEmpty() ? name : dir + "/" + name;
        tree.put(path, side.describeLasting(path));
        if (side.isDirectory(path)) {
          open.add(path);
        }
      }
    }
    return tree;
  }

  private static SortedMap<String, String> withoutHardLinks(SortedMap<String, String> tree) {
    SortedMap<String, String> without = new TreeMap<>(tree);
    without.keySet().removeIf(path -> path.startsWith("hard"));
    return without;
  }

  private static boolean isBelow(String path, String directory) {
    return path.equals(directory) || path.startsWith(directory + "/");
  }

  private static SortedMap<String, String> applied(
      List<Change> changes, SortedMap<String, String> lowers, SortedMap<String, String> union) {
    SortedMap<String, String> tree = new TreeMap<>(lowers);
    move(changes, lowers, tree);
    for (Change change : changes) {
      if (change.kind() == Kind.DELETED) {
        String path = change.path().toString();
        assertThat(tree).as(show(change)).containsKey(path);
        tree.keySet().removeIf(each -> isBelow(each, path));
      }
    }
    for (Change change : changes) {
      String path = change.path().toString();
      String now = union.get(path);
      String before = tree.get(path);
      if (change.kind() == Kind.DELETED) {
        assertThat(now).as(show(change)).isNull();
        continue;
      }
      assertThat(now).as(show(change)).isNotNull();
      if (change.aspects().contains(Aspect.TYPE)) {
        tree.keySet().removeIf(each -> isBelow(each, path) && !cameWith(changes, path, each));
      }
      check(change, before, now);
      tree.put(path, String.valueOf(now));
    }
    return withoutHardLinks(tree);
  }

  /* Whether it was moved into a directory that is new. */
  private static boolean cameWith(List<Change> changes, String directory, String path) {
    return changes.stream()
        .filter(change -> change.kind() == Kind.RENAMED)
        .map(change -> change.path().toString())
        .anyMatch(to -> isBelow(to, directory) && isBelow(path, to));
  }

  private static void check(Change change, @Nullable String before, @Nullable String now) {
    if (change.path().toString().startsWith("hard")) {
      return;
    }
    if (change.kind() == Kind.ADDED) {
      assertThat(before).as(show(change)).isNull();
    } else if (!change.aspects().isEmpty()) {
      assertThat(before).as(show(change)).isNotNull().isNotEqualTo(now);
    } else if (before != null && !String.valueOf(change.from()).startsWith("hard")) {
      assertThat(before).as(show(change)).isEqualTo(now);
    }
  }

  /* What was inside of something that was renamed goes with it, unless it was renamed itself. */
  private static void move(
      List<Change> changes, SortedMap<String, String> lowers, SortedMap<String, String> tree) {
    List<String> sources = new ArrayList<>();
    for (Change change : changes) {
      if (change.from() != null) {
        sources.add(change.from().toString());
      }
    }
    tree.keySet().removeIf(path -> sources.stream().anyMatch(from -> isBelow(path, from)));
    for (Change change : changes) {
      if (change.from() == null) {
        continue;
      }
      String from = change.from().toString();
      String to = change.path().toString();
      assertThat(lowers).as(show(change)).containsKey(from);
      assertThat(change.replaces()).as(show(change)).isEqualTo(tree.containsKey(to));
      tree.keySet().removeIf(path -> isBelow(path, to));
      lowers.forEach(
          (path, description) -> {
            boolean again =
                sources.stream()
                    .anyMatch(
                        other ->
                            !other.equals(from) && isBelow(other, from) && isBelow(path, other));
            if (isBelow(path, from) && !again) {
              tree.put(to + path.substring(from.length()), description);
            }
          });
    }
  }
}
