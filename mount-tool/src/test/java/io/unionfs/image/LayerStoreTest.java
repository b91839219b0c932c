package io.unionfs.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.image.LayerUnpacking.Owners;
import io.unionfs.image.file.StagedFile;
import io.unionfs.image.oci.Digest;
import io.unionfs.image.oci.ImageLayout;
import io.unionfs.image.oci.ImageLayoutWriter;
import io.unionfs.image.oci.ImageLayoutWriter.Addition;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which layers images share, and which they must not. */
class LayerStoreTest {
  private static final Sys SYS = Sys.linux();

  @TempDir private Path home = Path.of("");

  /* Plain directories are root's, whoever runs the test. */
  private static Archive archive() {
    return new Archive(0, 0);
  }

  private static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Adds a layer on top of an image; an empty tag is no image. */
  private void add(Archive archive, String base, String tag) throws IOException {
    byte[] layout = bytes(home.resolve("layout"));
    byte[] content = archive.bytes();
    MessageDigest sum = Digest.sha256();
    sum.update(content);
    Digest digest = Digest.ofSha256(sum);
    try (ImageLayoutWriter writer = ImageLayoutWriter.open(SYS, layout);
        ImageLayout read = ImageLayout.open(SYS, layout)) {
      try (StagedFile blob = writer.newBlob();
          OutputStream out = blob.out()) {
        out.write(content);
        Addition addition =
            new Addition("tar", digest, content.length, digest, Instant.ofEpochSecond(5), "test");
        boolean bottom = base.isEmpty();
        writer.add(bottom ? null : read, bottom ? null : read.image(base), blob, addition, tag);
      }
    }
  }

  /** The layers' directories, topmost first. */
  private List<Path> directories(String tag) throws IOException {
    LayerUnpacking unpacking = new LayerUnpacking(SYS, Owners.XATTR, null, (entries, bytes) -> {});
    try (LayerStore store = LayerStore.open(SYS, bytes(home.resolve("store")), Owners.XATTR);
        ImageLayout layout = ImageLayout.open(SYS, bytes(home.resolve("layout")))) {
      return store.directories(layout, layout.image(tag), unpacking).stream()
          .map(each -> Path.of(new String(each, StandardCharsets.UTF_8)))
          .toList();
    }
  }

  private static String mode(Path path) throws Exception {
    byte[] value =
        SYS.getxattrat(
            Linux.AT_FDCWD, Name.of(bytes(path)), Name.of("user.containers.override_stat"));
    return value == null ? "none" : new String(value, StandardCharsets.US_ASCII);
  }

  @Test
  void layerThatSaysAllOfItselfIsShared() throws Exception {
    add(archive().directory("a", 0755), "", "one");
    add(archive().directory("b", 0755), "", "two");
    add(archive().directory("d", 0700).file("d/x", ""), "one", "on-one");
    add(archive().directory("d", 0700).file("d/x", ""), "two", "on-two");

    assertThat(directories("on-one").get(0)).isEqualTo(directories("on-two").get(0));
  }

  @Test
  void bottomLayerThatOnlyPassesThroughADirectoryIsForItsImageAlone() throws Exception {
    add(archive().file("etc/x", ""), "", "bare");
    add(archive().directory("etc", 0700), "", "base");
    add(archive().file("etc/x", ""), "base", "on-base");

    Path bare = directories("bare").get(0);
    Path above = directories("on-base").get(0);

    assertThat(mode(bare.resolve("etc"))).isEqualTo("0:0:0755:dir");
    assertThat(mode(above.resolve("etc"))).isEqualTo("0:0:0700:dir");
    assertThat(directories("bare")).containsExactly(bare);
  }

  @Test
  void layerAboveARootThatIsNotPlainIsUnpackedOnce() throws Exception {
    add(archive().directory(".", 0555), "", "base");
    add(archive().directory(".", 0755).file("f", ""), "base", "image");
    List<Path> first = directories("image");
    Stat before = new Stat();
    SYS.statxPath(bytes(first.get(0)), false, before);
    try (Stream<Path> blobs = Files.list(home.resolve("layout/blobs/sha256"))) {
      for (Path blob : blobs.toList()) {
        if (!Files.readString(blob, StandardCharsets.ISO_8859_1).startsWith("{")) {
          Files.delete(blob);
        }
      }
    }

    assertThat(directories("image")).isEqualTo(first);
    Stat after = new Stat();
    SYS.statxPath(bytes(first.get(0)), false, after);
    assertThat(after.ino).isEqualTo(before.ino);
  }
}
