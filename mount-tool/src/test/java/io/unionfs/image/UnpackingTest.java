package io.unionfs.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.image.LayerUnpacking.Owners;
import io.unionfs.image.LayerUnpacking.Unpacked;
import io.unionfs.image.file.StagedDirectory;
import io.unionfs.image.oci.Digest;
import io.unionfs.image.tar.TarHeader;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives of all kinds, well-meant and hostile. */
class UnpackingTest {
  private static final Sys SYS = Sys.linux();

  @TempDir private Path home = Path.of("");

  private static Archive archive() {
    return new Archive(OwnProcess.geteuid(), OwnProcess.getegid());
  }

  private Unpacked unpack(byte[] archive, String name, @Nullable Long limit, Path... below)
      throws IOException {
    LayerUnpacking unpacking = new LayerUnpacking(SYS, Owners.HOST, limit, (entries, bytes) -> {});
    try (StagedDirectory into = StagedDirectory.beside(SYS, bytes(home.resolve(name)))) {
      Unpacked unpacked =
          unpacking.unpack(
              new LayerUnpacking.Archive("test.tar", new ByteArrayInputStream(archive), null, null),
              into,
              Arrays.stream(below).map(UnpackingTest::bytes).toList());
      into.publish();
      return unpacked;
    }
  }

  private static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  private Path unpack(Archive archive, Path... below) throws IOException {
    unpack(archive.bytes(), "layer", null, below);
    return home.resolve("layer");
  }

  /* Nothing appears, nothing is left, and nothing beside it was touched. */
  private void refuses(byte[] archive, String message) throws IOException {
    Files.writeString(home.resolve("outside"), "as it was");

    assertThatThrownBy(() -> unpack(archive, "layer", null))
        .isInstanceOf(LayerException.class)
        .hasMessageContaining("test.tar: at byte ")
        .hasMessageContaining(message);

    try (Stream<Path> left = Files.list(home)) {
      assertThat(left).containsExactly(home.resolve("outside"));
    }
    assertThat(Files.readString(home.resolve("outside"))).isEqualTo("as it was");
  }

  private static Stat stat(Path path) throws Exception {
    Stat stat = new Stat();
    SYS.statxPath(bytes(path), false, stat);
    return stat;
  }

  private static boolean isOpaque(Path directory) throws Exception {
    for (String name : List.of("trusted.overlay.opaque", "user.overlay.opaque")) {
      byte[] value = SYS.getxattrat(Linux.AT_FDCWD, Name.of(bytes(directory)), Name.of(name));
      if (value != null && Arrays.equals(value, new byte[] {'y'})) {
        return true;
      }
    }
    return false;
  }

  @Test
  void entriesBecomeWhatTheySay() throws Exception {
    Name name = Name.of(new byte[] {'d', '/', (byte) 0xff, 'n'});
    byte[] value = {0, (byte) 0xff, '\n', '='};

    Path layer =
        unpack(
            archive()
                .directory("d", 0750)
                .file(name, "text", new TreeMap<>(Map.of(Name.of("user.a=b"), value)))
                .symlink("d/link", "../outside")
                .hardLink("hard", "d/link")
                .node(TarHeader.FIFO, "fifo"));

    Stat stat = new Stat();
    SYS.statxPath(Name.of(bytes(layer)).concat(Name.of("/")).concat(name).bytes(), false, stat);
    assertThat(stat.size).isEqualTo(4);
    assertThat(stat.mtime).isEqualTo(1_000_000_000);
    assertThat(stat.mtimeNsec).isEqualTo(123_456_789);
    Name path = Name.of(bytes(layer)).concat(Name.of("/")).concat(name);
    assertThat(SYS.getxattrat(Linux.AT_FDCWD, path, Name.of("user.a=b"))).isEqualTo(value);
    assertThat(stat(layer.resolve("d")).permissions()).isEqualTo(0750);
    assertThat(stat(layer.resolve("d")).mtimeNsec).isEqualTo(123_456_789);
    assertThat(stat(layer.resolve("hard")).ino).isEqualTo(stat(layer.resolve("d/link")).ino);
    assertThat(stat(layer.resolve("fifo")).type()).isEqualTo(Linux.S_IFIFO);
  }

  @Test
  void marksAreForTheLayersBelowWhateverTheirPlaceInTheArchive() throws Exception {
    Path layer =
        unpack(
            archive()
                .file(".wh.gone", "")
                .file(".wh.file", "")
                .file("file", "new")
                .file("early/.wh..wh..opq", "")
                .file("early/kept", "")
                .directory("late", 0755)
                .file("late/kept", "")
                .file("late/.wh..wh..opq", "")
                .file(".wh.replaced", "")
                .directory("replaced", 0755)
                .file(".wh..wh.plnk/1.2", "is of AUFS"));

    assertThat(stat(layer.resolve("gone")).isWhiteoutDevice()).isTrue();
    assertThat(layer.resolve("file")).hasContent("new");
    assertThat(layer.resolve("early/kept")).exists();
    assertThat(layer.resolve("late/kept")).exists();
    assertThat(isOpaque(layer.resolve("early"))).isTrue();
    assertThat(isOpaque(layer.resolve("late"))).isTrue();
    assertThat(isOpaque(layer.resolve("replaced"))).isTrue();
    try (Stream<Path> all = Files.walk(layer)) {
      assertThat(all.map(each -> each.getFileName().toString()))
          .noneMatch(each -> each.startsWith(".wh."));
    }
  }

  @Test
  void whiteoutHoldsForADirectoryThatComesLater() throws Exception {
    Path layer =
        unpack(
            archive()
                .file("a", "")
                .file(".wh.a", "")
                .directory("a", 0755)
                .directory("b", 0755)
                .file(".wh.b", "")
                .file("b", "")
                .directory("b", 0755)
                .file("c/.wh..wh..opq", "")
                .file("c", "")
                .file("c", "")
                .directory("c", 0755)
                .file("d", "")
                .directory("d", 0755));

    assertThat(isOpaque(layer.resolve("a"))).isTrue();
    assertThat(isOpaque(layer.resolve("b"))).isTrue();
    assertThat(isOpaque(layer.resolve("c"))).isTrue();
    assertThat(isOpaque(layer.resolve("d"))).isFalse();
  }

  /* The root of a layer is merged whatever mark it has, by kernel overlayfs as well. */
  @Test
  void opaqueRootHidesEachNameBelow() throws Exception {
    unpack(
        archive().file("old", "1").file("both", "1").file("dir/old", "1").bytes(), "below", null);
    Path below = home.resolve("below");

    for (boolean first : List.of(true, false)) {
      Archive entries = archive();
      entries = first ? entries.file(".wh..wh..opq", "") : entries;
      entries = entries.file("new", "2").file("both", "2").file("dir/new", "2");
      entries = first ? entries : entries.file(".wh..wh..opq", "");
      Unpacked unpacked = unpack(entries.bytes(), "layer" + first, null, below);
      Path layer = home.resolve("layer" + first);

      assertThat(unpacked).isNotNull();
      assertThat(isOpaque(layer)).isFalse();
      assertThat(isOpaque(layer.resolve("dir"))).isTrue();
      assertThat(Files.readString(layer.resolve("both"))).isEqualTo("2");
      assertThat(layer.resolve("new")).exists();
      assertThat(
              Files.isRegularFile(layer.resolve("old"), LinkOption.NOFOLLOW_LINKS)
                  && Files.size(layer.resolve("old")) > 0)
          .isFalse();
      assertThat(Files.exists(layer.resolve("old"), LinkOption.NOFOLLOW_LINKS)).isTrue();
    }
  }

  @Test
  void hardLinkToWhatTheLayerItselfHidesIsRefused() throws Exception {
    unpack(archive().file("d/file", "of below").bytes(), "below", null);
    Path below = home.resolve("below");

    for (String mark : List.of(".wh.d", "d/.wh..wh..opq", "d/.wh.file", ".wh..wh..opq")) {
      byte[] before = archive().file(mark, "").hardLink("h", "d/file").bytes();
      byte[] behind = archive().hardLink("h", "d/file").file(mark, "").bytes();
      assertThatThrownBy(() -> unpack(before, "layer", null, below))
          .isInstanceOf(LayerException.class)
          .hasMessageContaining("hard link to d/file");
      assertThatThrownBy(() -> unpack(behind, "layer", null, below))
          .isInstanceOf(LayerException.class)
          .hasMessageContaining("test.tar: ")
          .hasMessageContaining("d/file, which a mark of the layer itself hides");
    }
    assertThat(home).isDirectoryNotContaining(each -> each.endsWith("layer"));
  }

  @Test
  void directoryThatCannotHaveItsAttributesIsNamed() throws Exception {
    TreeMap<Name, byte[]> xattrs = new TreeMap<>(Map.of(Name.of("user.a"), new byte[70_000]));
    byte[] archive = archive().directory("d/e", xattrs).bytes();

    assertThatThrownBy(() -> unpack(archive, "layer", null))
        .isInstanceOf(LayerException.class)
        .hasMessageContaining("test.tar: the directory d/e: Argument list too long");
  }

  @Test
  void laterEntryReplacesAnEarlierOneAndAWholeTree() throws Exception {
    Path layer =
        unpack(
            archive()
                .file("a", "one")
                .file("a", "two")
                .directory("d", 0755)
                .file("d/x/y", "")
                .file("d", "now a file")
                .symlink("l", "nowhere")
                .file("l", "not through the link")
                .directory("e", 0755)
                .directory("e", 0700));

    assertThat(layer.resolve("a")).hasContent("two");
    assertThat(layer.resolve("d")).hasContent("now a file");
    assertThat(layer.resolve("l")).hasContent("not through the link");
    assertThat(Files.isSymbolicLink(layer.resolve("l"))).isFalse();
    assertThat(stat(layer.resolve("e")).permissions()).isEqualTo(0700);
  }

  @Test
  void pathFromTheHostsRootIsOneFromTheLayers() throws Exception {
    Path layer = unpack(archive().file("/etc/passwd", "ours").hardLink("/b", "/etc/passwd"));

    assertThat(layer.resolve("etc/passwd")).hasContent("ours");
    assertThat(layer.resolve("b")).hasContent("ours");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../outside", "d/../../outside", "..", "a/b/../../../x"})
  void pathThatLeadsOutIsRefused(String name) throws Exception {
    refuses(archive().file(name, "evil").bytes(), name + " leads out of the layer");
    refuses(archive().hardLink("h", name).bytes(), "leads out of the layer");
  }

  @Test
  void linkThatAnArchiveMadeIsNotFollowed() throws Exception {
    refuses(
        archive().symlink("up", "..").file("up/outside", "evil").bytes(),
        "up/outside: it lies behind the symbolic link up");
    refuses(archive().symlink("up", "..").file("up/.wh.outside", "").bytes(), "symbolic link up");
    refuses(archive().symlink("up", "..").directory("up/d", 0777).bytes(), "symbolic link up");
    refuses(
        archive().symlink("up", "..").hardLink("h", "up/outside").bytes(),
        "it is a hard link to up/outside, which is not in the layer");
  }

  @Test
  void contradictionsAreRefused() throws Exception {
    refuses(archive().file("f", "").file("f/x", "").bytes(), "it lies in f, which is no directory");
    refuses(archive().hardLink("h", "h").bytes(), "hard link to itself");
    refuses(archive().hardLink("h", "absent").bytes(), "absent, which is not in the layer");
    refuses(archive().directory("d", 0755).hardLink("h", "d").bytes(), "d, which is no file");
    refuses(archive().file(".wh.w", "").hardLink("h", "w").bytes(), "w, which is no file");
    refuses(archive().file(".wh.d/x", "").bytes(), "it lies below the mark .wh.d");
    refuses(archive().file("d/.wh..", "").bytes(), "hides nothing that can be");
    refuses(archive().file("d/.wh...", "").bytes(), "hides nothing that can be");
    refuses(archive().file("d/.wh.", "").bytes(), "hides nothing that can be");
    refuses(archive().node(TarHeader.CHARACTER_DEVICE, "c").bytes(), "a mark of a deletion");
    refuses(archive().file("", "x").bytes(), "the layer's root is no directory");
    refuses(archive().file("x".repeat(300), "").bytes(), "File name too long");
    refuses(archive().node((byte) 'M', "part").bytes(), "its type M is none");
    refuses(
        archive().file("x/".repeat(5000) + "f", "").bytes(), "more than 2048 names is too deep");
  }

  @Test
  void pathThatUsesUpMemoryIsRefused() throws Exception {
    refuses(archive().file("x/".repeat(200_000) + "f", "").bytes(), "2048 names is too deep");
    refuses(
        archive().file("x".repeat(1 << 20), "").bytes(), "its name of 1048576 bytes is too long");
    refuses(archive().hardLink("h", "./".repeat(1 << 18) + "x").bytes(), "bytes is too long");
  }

  @Test
  void archiveThatIsCutAnywhereLeavesNothing() throws Exception {
    byte[] whole = archive().directory("d", 0755).file("d/f", "x".repeat(1500)).bytes();

    for (int length = 0; length < whole.length; length += 100) {
      refuses(Arrays.copyOf(whole, length), "it ends");
    }
  }

  @ParameterizedTest
  @EnumSource(Compression.class)
  void compressedArchiveIsRecognizedAndADamagedOneRefused(Compression compression)
      throws Exception {
    Random random = new Random(1);
    StringBuilder text = new StringBuilder();
    random.ints(5000, ' ', 'z').forEach(c -> text.append((char) c));
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = compression.pack(packed)) {
      out.write(archive().file("f", text.toString()).bytes());
    }
    byte[] bytes = packed.toByteArray();

    unpack(bytes, "whole", null);
    assertThat(home.resolve("whole/f")).hasContent(text.toString());
    Files.delete(home.resolve("whole/f"));
    Files.delete(home.resolve("whole"));

    refuses(Arrays.copyOf(bytes, bytes.length * 2 / 3), "");
    if (compression != Compression.NONE) {
      bytes[bytes.length / 2] ^= 0x55;
      refuses(bytes, "");
    }
  }

  @Test
  void bombIsStoppedAtTheLimit() throws Exception {
    byte[] files = manyFiles(100);
    byte[] data = archive().file("f", "x".repeat(100_000)).bytes();

    assertThatThrownBy(() -> unpack(files, "layer", 100_000L))
        .hasMessageContaining("it unpacks to more than the limit of 100000 bytes");
    assertThatThrownBy(() -> unpack(data, "layer", 100_000L)).hasMessageContaining("limit of");
    assertThat(home).isEmptyDirectory();
  }

  private static byte[] manyFiles(int number) throws IOException {
    Archive archive = archive();
    for (int i = 0; i < number; i++) {
      archive.file("f" + i, "");
    }
    return archive.bytes();
  }

  @Test
  void zerosBecomeHoles() throws Exception {
    Path layer = unpack(archive().zeros("zeros", 10 << 20));

    assertThat(stat(layer.resolve("zeros")).size).isEqualTo(10 << 20);
    assertThat(stat(layer.resolve("zeros")).blocks).isLessThan(64);
  }

  @Test
  void directoriesThatAreOnlyPassedThroughAreAsTheLayersBelowHaveThem() throws Exception {
    unpack(archive().directory("d", 0700).file("d/file", "of below").bytes(), "below", null);

    Unpacked unpacked =
        unpack(
            archive().file("d/x", "").hardLink("e", "d/file").bytes(),
            "layer",
            null,
            home.resolve("below"));

    Path layer = home.resolve("layer");
    assertThat(stat(layer.resolve("d")).permissions()).isEqualTo(0700);
    assertThat(stat(layer.resolve("d")).mtimeNsec).isEqualTo(123_456_789);
    assertThat(layer.resolve("d/file")).hasContent("of below");
    assertThat(stat(layer.resolve("e")).ino).isEqualTo(stat(layer.resolve("d/file")).ino);
    assertThat(unpacked.dependent()).isTrue();
    assertThat(stat(home.resolve("below/d/file")).nlink).isEqualTo(1);
  }

  @Test
  void archiveThatIsNotWhatItsDigestSaysIsRefused() throws Exception {
    byte[] archive = archive().file("f", "text").bytes();
    Digest other = Digest.parse("sha256:" + "0".repeat(64));
    LayerUnpacking unpacking = new LayerUnpacking(SYS, Owners.HOST, null, (entries, bytes) -> {});
    try (StagedDirectory into = StagedDirectory.beside(SYS, bytes(home.resolve("layer")))) {
      assertThatThrownBy(
              () ->
                  unpacking.unpack(
                      new LayerUnpacking.Archive(
                          "a blob", new ByteArrayInputStream(archive), other, null),
                      into,
                      List.of()))
          .hasMessage("a blob: it is not what its digest says: " + other);
    }
    assertThat(home).isEmptyDirectory();
  }

  @Test
  void whatFailsLaterIsTakenAwayWhateverItsModes() throws Exception {
    byte[] archive = archive().directory("d", 0555).directory("d/e", 0).file("d/e/f", "").bytes();
    LayerUnpacking unpacking = new LayerUnpacking(SYS, Owners.HOST, null, (entries, bytes) -> {});
    try (StagedDirectory into = StagedDirectory.beside(SYS, bytes(home.resolve("layer")))) {
      unpacking.unpack(
          new LayerUnpacking.Archive("test.tar", new ByteArrayInputStream(archive), null, null),
          into,
          List.of());
    }
    assertThat(home).isEmptyDirectory();
  }

  @Test
  void placeThatIsTakenIsRefused() throws Exception {
    Files.createDirectory(home.resolve("layer"));
    Files.writeString(home.resolve("layer/mine"), "");
    byte[] archive = archive().file("f", "").bytes();

    assertThatThrownBy(() -> unpack(archive, "layer", null))
        .hasMessageContaining("it exists and is no empty directory");

    Files.delete(home.resolve("layer/mine"));
    unpack(archive, "layer", null);
    assertThat(home.resolve("layer/f")).exists();
  }

  @Test
  void ownersInXattrsNeedNoRights() throws Exception {
    LayerUnpacking unpacking = new LayerUnpacking(SYS, Owners.XATTR, null, (entries, bytes) -> {});
    byte[] archive =
        new Archive(4242, 4343)
            .directory("d", 0555)
            .file("d/f", "text")
            .node(TarHeader.BLOCK_DEVICE, "b")
            .bytes();
    try (StagedDirectory into = StagedDirectory.beside(SYS, bytes(home.resolve("layer")))) {
      unpacking.unpack(
          new LayerUnpacking.Archive("test.tar", new ByteArrayInputStream(archive), null, null),
          into,
          List.of());
      into.publish();
    }

    Path layer = home.resolve("layer");
    assertThat(override(layer.resolve("d"))).isEqualTo("4242:4343:0555:dir");
    assertThat(override(layer.resolve("d/f"))).isEqualTo("4242:4343:0644:file");
    assertThat(override(layer.resolve("b"))).isEqualTo("4242:4343:0644:block-0-0");
    assertThat(Files.isRegularFile(layer.resolve("b"), LinkOption.NOFOLLOW_LINKS)).isTrue();
    assertThat(stat(layer.resolve("d")).uid).isEqualTo(OwnProcess.geteuid());
  }

  private static String override(Path path) throws Exception {
    byte[] value =
        SYS.getxattrat(
            Linux.AT_FDCWD, Name.of(bytes(path)), Name.of("user.containers.override_stat"));
    return value == null ? "none" : new String(value, StandardCharsets.US_ASCII);
  }
}
