package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directory offsets, and reading on from them. */
final class ListingTest {
  private static final int DOTS = 2;
  private static final NameHash KEYED = NameHash.of(1, 2);

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  /** A hash that takes one of a few neighbouring values, which would be those of the dots. */
  private static final class Colliding extends NameHash {
    private final int values;

    Colliding(int values) {
      super(0, 0);
      this.values = values;
    }

    @Override
    long hash(byte[] bytes, int from, int length) {
      return 4L * ((bytes[from + length - 1] & 0xff) % values);
    }
  }

  private static Listing listing(NameHash hash, List<String> names) {
    ListingBuilder builder = new ListingBuilder(hash);
    builder.add(Name.DOT, 1, Linux.DT_DIR);
    builder.add(Name.DOTDOT, 1, Linux.DT_DIR);
    for (String name : names) {
      builder.add(Name.of(name), 1000L + name.hashCode(), Linux.DT_REG);
    }
    return builder.build();
  }

  private static List<String> names(String prefix, int number) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      names.add(prefix + i);
    }
    return names;
  }

  private static Map<String, Long> positions(Listing listing) {
    Map<String, Long> positions = new HashMap<>();
    for (int i = 0; i < listing.size(); i++) {
      positions.put(listing.name(i).toString(), listing.position(i));
    }
    return positions;
  }

  /** The names that a reader gets who reads a few at a time, a new listing for each part. */
  private static List<String> readInParts(List<Listing> parts, int atOnce) {
    List<String> read = new ArrayList<>();
    long position = 0;
    for (int part = 0; ; part++) {
      Listing listing = parts.get(Math.min(part, parts.size() - 1));
      int from = listing.indexAfter(position);
      if (from == listing.size()) {
        return read;
      }
      for (int i = from; i < Math.min(listing.size(), from + atOnce); i++) {
        read.add(listing.name(i).toString());
        position = listing.position(i);
      }
    }
  }

  private static void assertOrdered(Listing listing) {
    assertThat(listing.name(0)).isEqualTo(Name.DOT);
    assertThat(listing.name(1)).isEqualTo(Name.DOTDOT);
    long before = 0;
    for (int i = 0; i < listing.size(); i++) {
      assertThat(listing.position(i)).isGreaterThan(before);
      assertThat(listing.position(i) * 2).as("doubled").isPositive();
      assertThat(listing.indexAfter(listing.position(i))).isEqualTo(i + 1);
      assertThat(listing.indexAfter(listing.position(i) - 1)).isEqualTo(i);
      before = listing.position(i);
    }
    assertThat(listing.indexAfter(0)).isZero();
    assertThat(listing.indexAfter(Long.MAX_VALUE)).isEqualTo(listing.size());
    assertThat(listing.indexAfter(-1)).isZero();
  }

  @Test
  void emptyDirectoryHasTwoEntries() {
    Listing listing = listing(KEYED, List.of());

    assertThat(listing.size()).isEqualTo(DOTS);
    assertOrdered(listing);
  }

  @Test
  void positionsAreSortedAndFindTheNextEntry() {
    Listing listing = listing(KEYED, names("name-", 10_000));

    assertThat(listing.size()).isEqualTo(10_000 + DOTS);
    assertOrdered(listing);
  }

  @Test
  void entriesKeepWhatBelongsToThem() {
    List<String> names = names("x", 500);
    Listing listing = listing(KEYED, names);

    Set<String> found = new TreeSet<>();
    for (int i = DOTS; i < listing.size(); i++) {
      String name = listing.name(i).toString();
      assertThat(listing.ino(i)).isEqualTo(1000L + name.hashCode());
      assertThat(listing.type(i)).isEqualTo(Linux.DT_REG);
      found.add(name);
    }
    assertThat(found).isEqualTo(new TreeSet<>(names));
  }

  @Test
  void positionDoesNotDependOnOtherEntries() {
    Map<String, Long> all = positions(listing(KEYED, names("n", 1_000)));
    List<String> fewer = names("n", 500);
    fewer.addAll(names("other", 700));
    Map<String, Long> changed = positions(listing(KEYED, fewer));

    for (String name : names("n", 500)) {
      assertThat(changed.get(name)).isEqualTo(all.get(name));
    }
  }

  @Test
  void readerNeitherMissesNorRepeatsWhatWasThereAllTheTime() {
    List<String> staying = names("stays", 400);
    Random random = new Random(20_260_104L);
    List<Listing> parts = new ArrayList<>();
    for (int part = 0; part < 100; part++) {
      List<String> now = new ArrayList<>(staying);
      now.addAll(names("comes" + random.nextInt(3) + "-", random.nextInt(300)));
      parts.add(listing(KEYED, now));
    }

    List<String> read = readInParts(parts, 7);

    assertThat(read).doesNotHaveDuplicates().containsAll(staying).contains(".", "..");
  }

  @Test
  void namesWithOneHashGetNeighbouringPositions() {
    List<String> names = names("n", 300);
    for (int values : new int[] {1, 2, 10}) {
      Listing listing = listing(new Colliding(values), names);

      assertOrdered(listing);
      assertThat(positions(listing)).hasSize(302);
      assertThat(readInParts(List.of(listing), 1)).doesNotHaveDuplicates().containsAll(names);
    }
  }

  @Test
  void positionsAreTheSameInEveryListingOfAUnion() throws Exception {
    for (String name : List.of("lower/a", "lower/b", "lower/gone", "upper/c")) {
      Files.createDirectories(home.resolve(name).getParent());
      Files.writeString(home.resolve(name), name);
    }
    try (OpenUnion union = OpenUnion.in(home)) {
      Map<String, Long> before = positions(union.fs().list(union.root()));
      union.fs().unlink(union.root(), Name.of("gone"));
      union.create("new");
      union.write(union.file("a"), "copied up", 0, false);
      Map<String, Long> after = positions(union.fs().list(union.root()));

      assertThat(after.keySet()).containsExactlyInAnyOrder(".", "..", "a", "b", "c", "new");
      for (String name : List.of(".", "..", "a", "b", "c")) {
        assertThat(after.get(name)).isEqualTo(before.get(name));
      }
    }
  }
}
