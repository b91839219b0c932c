package io.unionfs.transport.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.TargetDirectories;
import io.unionfs.core.Caller;
import io.unionfs.core.FileNode;
import io.unionfs.core.MountOptions;
import io.unionfs.core.Node;
import io.unionfs.core.References;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import io.unionfs.transport.kernel.codec.InitFlags;
import io.unionfs.transport.kernel.codec.Timeouts;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The nodes that the kernel knows, on a union of real files. */
final class NodeTableTest {
  private static final int FILES = 1_200;
  private static final long SEED = 20_260_103L;
  private static final Caller CALLER = new Caller(0, 0, 0, 1);

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private UnionFileSystem fs;
  private KeptTimes keptTimes;
  private NodeTable table;

  @SuppressWarnings("NullAway.Init") // set by open()
  NodeTableTest() {}

  @BeforeEach
  void open() throws Exception {
    Path lower = Files.createDirectory(home.resolve("lower"));
    Files.createDirectory(lower.resolve("dir"));
    Path upper = Files.createDirectory(home.resolve("upper"));
    fs =
        UnionFileSystem.open(
            Sys.linux(), MountOptions.builder().lower(bytes(lower)).upper(bytes(upper)).build());
    keptTimes =
        new KeptTimes(
            fs,
            new Negotiation(45, InitFlags.WRITEBACK_CACHE, 4096, 0, false, Timeouts.of(-1), true));
    table = new NodeTable(fs, keptTimes);
  }

  private static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  @AfterEach
  void close() {
    fs.close();
  }

  private FileNode file(String name) throws ErrnoException {
    return fs.create(fs.root(), Name.of(name), 0600, CALLER, null);
  }

  private void assertUnknown(long id) {
    assertThat(table.find(id)).isNull();
    assertThatThrownBy(() -> table.get(id))
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ESTALE));
  }

  @Test
  void rootIsAlwaysKnown() throws Exception {
    assertThat(table.add(fs.root())).isEqualTo(1);
    assertThat(table.size()).isZero();
    table.forget(1, 1_000);

    assertThat(table.get(1)).isSameAs(fs.root());
    assertThat(table.directory(1)).isSameAs(fs.root());
  }

  @Test
  void idIsTheInodeNumber() throws Exception {
    FileNode file = file("a");

    assertThat(table.add(file)).isEqualTo(file.ino());
    assertThat(table.get(file.ino())).isSameAs(file);
  }

  @Test
  void nodeIsKnownUntilAllLookupsAreTakenBack() throws Exception {
    FileNode file = file("a");
    long id = table.add(file);
    assertThat(table.add(file)).isEqualTo(id);
    assertThat(table.add(file)).isEqualTo(id);

    table.forget(id, 2);
    assertThat(table.get(id)).isSameAs(file);
    assertThat(References.held(file)).isTrue();
    table.forget(id, 1);

    assertUnknown(id);
    assertThat(References.held(file)).isFalse();
    assertThat(table.size()).isZero();
  }

  @Test
  void moreThanWereCountedTakeBackAll() throws Exception {
    FileNode file = file("a");
    long id = table.add(file);
    table.forget(id, Long.MAX_VALUE);

    assertUnknown(id);
    assertThat(References.held(file)).isFalse();
  }

  @Test
  void forgettingWhatIsUnknownDoesNothing() throws Exception {
    FileNode file = file("a");
    long id = table.add(file);
    for (long unknown : new long[] {0, -1, id + 1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 62}) {
      table.forget(unknown, 1);
      assertThat(table.find(unknown)).isNull();
    }
    table.forget(id, 0);
    table.forget(id, -1);

    assertThat(table.get(id)).isSameAs(file);
    assertThat(table.size()).isEqualTo(1);
  }

  @Test
  void fileIsNoDirectory() throws Exception {
    long id = table.add(file("a"));

    assertThatThrownBy(() -> table.directory(id))
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOTDIR));
  }

  @Test
  void directoryIsFoundAsOne() throws Exception {
    Node dir = fs.lookup(fs.root(), Name.of("dir"));
    assertThat(dir).isNotNull();
    if (dir != null) {
      assertThat(table.directory(table.add(dir))).isSameAs(dir);
    }
  }

  /* A layer was changed behind the mount, so that two live nodes show one number. */
  @Test
  void secondNodeOfAnInodeNumberGetsAnIdOfItsOwn() throws Exception {
    FileNode first = file("a");
    FileNode second = sameIno(first);
    long firstId = table.add(first);
    long secondId = table.add(second);

    assertThat(secondId).isNotEqualTo(firstId).isGreaterThanOrEqualTo(1L << 62);
    assertThat(table.add(second)).isEqualTo(secondId);
    assertThat(table.get(firstId)).isSameAs(first);
    assertThat(table.get(secondId)).isSameAs(second);
    assertThat(table.size()).isEqualTo(2);

    assertThat(table.idOf(first)).isEqualTo(firstId);
    assertThat(table.idOf(second)).isEqualTo(secondId);

    table.forget(firstId, 1);
    assertUnknown(firstId);
    assertThat(table.get(secondId)).isSameAs(second);
    assertThat(table.idOf(first)).isZero();
    // the kernel has one inode for an id: the number is free, but the file keeps the id that it got
    assertThat(table.add(second)).isEqualTo(secondId);
    table.forget(secondId, 3);
    assertUnknown(secondId);
    assertThat(table.idOf(second)).isZero();
    assertThat(table.add(second)).isEqualTo(firstId);
  }

  /** Another node with the inode number: of a second union, whose lower has a link of the file. */
  private FileNode sameIno(FileNode file) throws Exception {
    Path other = Files.createDirectory(home.resolve("other"));
    Files.createLink(other.resolve("a"), home.resolve("upper/a"));
    try (UnionFileSystem second =
        UnionFileSystem.open(Sys.linux(), MountOptions.builder().lower(bytes(other)).build())) {
      Node node = second.lookup(second.root(), Name.of("a"));
      assertThat(node).isInstanceOf(FileNode.class).isNotSameAs(file);
      if (!(node instanceof FileNode found)) {
        throw new AssertionError("not a file");
      }
      assertThat(found.ino()).isEqualTo(file.ino());
      return found;
    }
  }

  @Test
  void tableEqualsAMapOverRandomCalls() throws Exception {
    List<FileNode> files = new ArrayList<>();
    for (int i = 0; i < FILES; i++) {
      files.add(file("f" + i));
    }
    Random random = new Random(SEED);
    Map<Long, Integer> counts = new HashMap<>();
    for (int call = 0; call < 60_000; call++) {
      boolean growing = call / 10_000 % 2 == 0;
      FileNode file = files.get(random.nextInt(FILES));
      long id = file.ino();
      if (random.nextInt(4) < (growing ? 3 : 1)) {
        assertThat(table.add(file)).isEqualTo(id);
        counts.merge(id, 1, Integer::sum);
      } else {
        int number = 1 + random.nextInt(3);
        table.forget(id, number);
        counts.computeIfPresent(id, (key, count) -> count > number ? count - number : null);
      }
      if (call % 1_000 == 0) {
        assertEquals(files, counts);
      }
    }
    assertEquals(files, counts);

    for (FileNode file : files) {
      table.forget(file.ino(), Integer.MAX_VALUE);
    }
    assertEquals(files, Map.of());
  }

  private void assertEquals(List<FileNode> files, Map<Long, Integer> counts) {
    assertThat(table.size()).as("seed %d", SEED).isEqualTo(counts.size());
    for (FileNode file : files) {
      boolean known = counts.containsKey(file.ino());
      assertThat(table.find(file.ino())).as("seed %d", SEED).isSameAs(known ? file : null);
      assertThat(References.held(file)).as("seed %d", SEED).isEqualTo(known);
    }
  }

  @Test
  void clearReleasesAll() throws Exception {
    List<FileNode> files = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      FileNode file = file("f" + i);
      files.add(file);
      table.add(file);
      table.add(file);
    }
    fs.retain(files.get(0));
    table.clear();

    assertThat(table.size()).isZero();
    assertThat(References.held(files.get(0))).isTrue();
    assertThat(files.subList(1, 100)).noneMatch(References::held);
    files.forEach(file -> assertUnknown(file.ino()));
    fs.release(files.get(0), 1);
  }

  @Test
  void forgottenFileHasNoKeptTime() throws Exception {
    FileNode file = file("a");
    long id = table.add(file);
    keptTimes.beforeWrite(file);
    assertThat(keptTimes.size()).isEqualTo(1);
    table.forget(id, 1);

    assertThat(keptTimes.size()).isZero();
  }
}
