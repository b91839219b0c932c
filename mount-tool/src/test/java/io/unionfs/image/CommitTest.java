package io.unionfs.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.image.LayerCommit.Written;
import io.unionfs.image.LayerUnpacking.Watcher;
import io.unionfs.image.oci.Digest;
import io.unionfs.layer.Layer;
import io.unionfs.layer.MarkRules;
import io.unionfs.offline.LayerSource;
import io.unionfs.offline.LayerSources;
import io.unionfs.offline.OpenLayers;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Layers of uppers that a test makes; what consumers make of them is for tests with mounts. */
class CommitTest {
  private static final Sys SYS = Sys.linux();
  private static final Watcher QUIET = (entries, bytes) -> {};
  private static final FileTime TIME = FileTime.from(java.time.Instant.ofEpochSecond(77, 5));

  @TempDir private Path home = Path.of("");

  private static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  private OpenLayers open(Path upper) throws IOException {
    Path lower = Files.createDirectories(home.resolve("lower"));
    return OpenLayers.open(
        SYS,
        new LayerSources(
            List.of(LayerSource.of(bytes(lower))),
            LayerSource.of(bytes(upper)),
            null,
            MarkRules.DEFAULT,
            true));
  }

  private Written commit(Path upper, ByteArrayOutputStream out, Compression compression)
      throws IOException {
    try (OpenLayers layers = open(upper)) {
      return LayerCommit.write(layers, out, compression, (entries, bytes) -> {});
    }
  }

  /* The same tree, made in an order that a seed says. */
  private Path upper(String name, long order) throws Exception {
    Path upper = Files.createDirectory(home.resolve(name));
    List<Integer> numbers = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      numbers.add(i);
    }
    Collections.shuffle(numbers, new Random(order));
    for (int i : numbers) {
      make(upper, i);
    }
    Files.createLink(upper.resolve("d1/z"), upper.resolve("d1/f7"));
    Files.setPosixFilePermissions(upper, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (var all = Files.walk(upper)) {
      for (Path each : all.sorted(Collections.reverseOrder()).toList()) {
        if (!Files.isSymbolicLink(each) && !isDevice(each)) {
          Files.setLastModifiedTime(each, TIME);
        }
      }
    }
    return upper;
  }

  private static boolean isDevice(Path path) throws IOException {
    return Files.readAttributes(path, java.nio.file.attribute.BasicFileAttributes.class).isOther();
  }

  private static void make(Path upper, int i) throws Exception {
    Path directory = Files.createDirectories(upper.resolve("d" + i % 3));
    Path path = directory.resolve("f" + i);
    if (i % 10 == 3) {
      Name name = Name.of(bytes(path));
      SYS.mknodat(Linux.AT_FDCWD, name, Linux.S_IFCHR, 0);
    } else {
      Files.writeString(path, "text ".repeat(i * i));
      Name name = Name.of(bytes(path));
      byte[] value = {(byte) i, 0, (byte) 0xff};
      for (String xattr : i % 2 == 0 ? List.of("user.a", "user.b") : List.of("user.b", "user.a")) {
        SYS.setxattrat(Linux.AT_FDCWD, name, Name.of(xattr), value, 0);
      }
    }
  }

  @Test
  void sameChangesGiveTheSameBytes() throws Exception {
    for (Compression compression : Compression.values()) {
      ByteArrayOutputStream expected = new ByteArrayOutputStream();
      Written written = commit(upper("first" + compression, 0), expected, compression);
      for (int order = 1; order < 4; order++) {
        ByteArrayOutputStream actual = new ByteArrayOutputStream();
        Written again = commit(upper("order" + compression + order, order), actual, compression);

        assertThat(actual.toByteArray()).isEqualTo(expected.toByteArray());
        assertThat(again).isEqualTo(written);
      }
      var digest = Digest.sha256();
      digest.update(expected.toByteArray());
      assertThat(written.digest()).isEqualTo(Digest.ofSha256(digest));
      assertThat(written.size()).isEqualTo(expected.size());
    }
  }

  @Test
  void gzipTellsNeitherTimeNorSystem() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    commit(upper("upper", 0), out, Compression.GZIP);

    assertThat(out.toByteArray()).startsWith(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
  }

  @Test
  void nameThatWouldBeAMarkIsRefused() throws Exception {
    Path upper = Files.createDirectory(home.resolve("upper"));
    Files.writeString(upper.resolve(".wh.mine"), "");

    assertThatThrownBy(() -> commit(upper, new ByteArrayOutputStream(), Compression.NONE))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(".wh.mine");
  }

  /* A hole of 2 TiB would take hours. */
  @Test
  void holeGivesSignsOfLifeAndCanBeInterrupted() throws Exception {
    Path upper = Files.createDirectory(home.resolve("upper"));
    try (RandomAccessFile file = new RandomAccessFile(upper.resolve("f").toFile(), "rw")) {
      file.setLength(2L << 40);
    }
    long[] heard = {0};
    Watcher stopping =
        (entries, bytes) -> {
          heard[0] += bytes;
          if (heard[0] >= 10 << 20) {
            Thread.currentThread().interrupt();
          }
        };

    try (OpenLayers layers = open(upper)) {
      assertThatThrownBy(
              () ->
                  LayerCommit.write(
                      layers, OutputStream.nullOutputStream(), Compression.NONE, stopping))
          .isInstanceOf(InterruptedIOException.class);
    }
    assertThat(heard[0]).isEqualTo(10 << 20);
  }

  /* Each sign of life removes a directory, the last ones while they are looked at. */
  @Test
  void stateOfAnUpperBearsDirectoriesThatGoAway() throws Exception {
    Path upper = Files.createDirectory(home.resolve("upper"));
    for (int i = 0; i < 20; i++) {
      Files.createDirectories(upper.resolve("d" + i + "/a/b"));
    }
    Iterator<Path> all;
    try (Stream<Path> tree = Files.walk(upper)) {
      List<Path> deepestFirst = new ArrayList<>(tree.sorted(Collections.reverseOrder()).toList());
      deepestFirst.remove(upper);
      all = deepestFirst.iterator();
    }
    try (OpenLayers layers = open(upper)) {
      Layer opened = Objects.requireNonNull(layers.upper());
      Digest during =
          UpperState.of(
              opened,
              (entries, bytes) -> {
                for (int i = 0; i < 2 && all.hasNext(); i++) {
                  Files.delete(all.next());
                }
              });

      assertThat(UpperState.of(opened, QUIET)).isNotEqualTo(during);
    }
  }

  @Test
  void stateOfAnUpperChangesWithEverythingInIt() throws Exception {
    Path upper = upper("upper", 0);
    try (OpenLayers layers = open(upper)) {
      Layer opened = Objects.requireNonNull(layers.upper());
      Digest before = UpperState.of(opened, QUIET);
      assertThat(UpperState.of(opened, QUIET)).isEqualTo(before);

      Files.setLastModifiedTime(upper.resolve("d1/f7"), TIME); // the same again

      assertThat(UpperState.of(opened, QUIET)).isNotEqualTo(before);
    }
  }
}
