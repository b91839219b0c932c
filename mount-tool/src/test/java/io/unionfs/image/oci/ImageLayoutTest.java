package io.unionfs.image.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.image.file.StagedFile;
import io.unionfs.image.oci.ImageLayoutWriter.Addition;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageLayoutTest {
  private static final Sys SYS = Sys.linux();

  @TempDir private Path home = Path.of("");

  private byte[] layout() {
    return home.resolve("layout").toString().getBytes(StandardCharsets.UTF_8);
  }

  private Digest add(String layer, String tag, String base) throws IOException {
    byte[] content = layer.getBytes(StandardCharsets.UTF_8);
    MessageDigest digest = Digest.sha256();
    digest.update(content);
    Digest name = Digest.ofSha256(digest);
    try (ImageLayoutWriter writer = ImageLayoutWriter.open(SYS, layout());
        ImageLayout layout = ImageLayout.open(SYS, layout())) {
      try (StagedFile blob = writer.newBlob();
          OutputStream out = blob.out()) {
        out.write(content);
        Addition addition =
            new Addition(
                "tar", name, content.length, name, Instant.ofEpochSecond(5), "test " + layer);
        Image image = base.isEmpty() ? null : layout.image(base);
        writer.add(image == null ? null : layout, image, blob, addition, tag);
      }
    }
    return name;
  }

  /* A layer on top of an image of the layout, as another one. */
  private void addElsewhere(String directory, String base) throws IOException {
    byte[] to = home.resolve(directory).toString().getBytes(StandardCharsets.UTF_8);
    byte[] content = {'x'};
    MessageDigest digest = Digest.sha256();
    digest.update(content);
    Digest name = Digest.ofSha256(digest);
    try (ImageLayout layout = ImageLayout.open(SYS, layout());
        ImageLayoutWriter writer = ImageLayoutWriter.open(SYS, to);
        StagedFile blob = writer.newBlob();
        OutputStream out = blob.out()) {
      out.write(content);
      Addition addition =
          new Addition("tar", name, content.length, name, Instant.ofEpochSecond(5), "test");
      writer.add(layout, layout.image(base), blob, addition, "copy");
    }
  }

  private Image image(String tag) throws IOException {
    try (ImageLayout layout = ImageLayout.open(SYS, layout())) {
      return layout.image(tag);
    }
  }

  private Path only(String directory, String content) throws IOException {
    try (Stream<Path> blobs = Files.list(home.resolve("layout").resolve(directory))) {
      for (Path blob : blobs.toList()) {
        if (Files.readString(blob).contains(content)) {
          return blob;
        }
      }
    }
    throw new AssertionError("no blob with " + content);
  }

  @Test
  void layersAreAddedOnTopAndTold() throws Exception {
    Digest one = add("one", "base", "");
    Digest two = add("two", "new", "base");

    Image image = image("new");

    assertThat(image.layers().stream().map(each -> each.blob().digest())).containsExactly(one, two);
    assertThat(image.history().stream().map(Image.Step::createdBy))
        .containsExactly("test one", "test two");
    assertThat(image("base").layers()).hasSize(1);
    assertThatThrownBy(() -> image("other")).hasMessageContaining("its tags: base, new");
    assertThatThrownBy(() -> image("")).hasMessageContaining("several images");
  }

  @Test
  void sameStepsGiveTheSameIndexAndATagMoves() throws Exception {
    add("one", "tag", "");
    String index = Files.readString(home.resolve("layout/index.json"));
    add("two", "tag", "");
    add("one", "tag", "");

    assertThat(home.resolve("layout/index.json")).hasContent(index);
  }

  @Test
  void blobThatWasChangedIsRefused() throws Exception {
    add("one", "tag", "");
    Path manifest = only("blobs/sha256", "schemaVersion");
    Files.writeString(manifest, Files.readString(manifest).replace(":2,", ":3,"));

    assertThatThrownBy(() -> image("tag")).hasMessageContaining("is not what its digest says");

    Files.delete(manifest);
    Files.createDirectory(manifest);
    assertThatThrownBy(() -> image("tag")).isInstanceOf(ImageException.class);
  }

  @Test
  void whatFailsLeavesNothing() throws Exception {
    add("one", "base", "");
    add("two", "new", "base");
    Files.delete(only("blobs/sha256", "two"));

    assertThatThrownBy(() -> addElsewhere("a/b", "new")).isInstanceOf(ImageException.class);
    assertThat(home.resolve("a")).doesNotExist();

    Files.createDirectory(home.resolve("a"));
    assertThatThrownBy(() -> addElsewhere("a", "new")).isInstanceOf(ImageException.class);
    assertThat(home.resolve("a")).isEmptyDirectory();
  }

  @Test
  void blobThatIsDamagedIsWrittenAnew() throws Exception {
    add("one", "base", "");
    addElsewhere("a", "base");
    Path damaged =
        home.resolve("a").resolve(home.resolve("layout").relativize(only("blobs/sha256", "one")));
    Files.writeString(damaged, "eno");

    addElsewhere("a", "base");

    assertThat(damaged).hasContent("one");
  }

  @Test
  void membersThatNobodyKnowsStay() throws Exception {
    add("one", "tag", "");
    Path index = home.resolve("layout/index.json");
    Files.writeString(
        index,
        Files.readString(index).replaceFirst("\\{", "{\"other\":[1,2.50,null,{\"a\":true}],"));

    add("two", "second", "");

    assertThat(Files.readString(index)).contains("\"other\":[1,2.50,null,{\"a\":true}]");
  }

  @Test
  void directoryThatIsSomethingElseIsLeftAlone() throws Exception {
    Files.createDirectory(home.resolve("layout"));
    Files.writeString(home.resolve("layout/mine"), "");

    assertThatThrownBy(() -> ImageLayoutWriter.open(SYS, layout()))
        .hasMessageContaining("it is no image layout, and not empty");
    try (Stream<Path> left = Files.list(home.resolve("layout"))) {
      assertThat(left).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "{} {}",
        "{\"manifests\":{}}",
        "{\"manifests\":[1]}",
        "{\"manifests\":[{\"digest\":\"sha256:../../../etc/passwd\",\"size\":1}]}",
        "{\"manifests\":[{\"digest\":\"md5:00\",\"size\":1}]}",
        "{\"manifests\":[{\"size\":-1}]}",
        "{\"a\":1,\"a\":2}"
      })
  void indexThatIsNoneIsRefused(String index) throws Exception {
    Files.createDirectory(home.resolve("layout"));
    Files.writeString(home.resolve("layout/index.json"), index);

    assertThatThrownBy(() -> image("")).isInstanceOf(ImageException.class);
  }

  @Test
  void referencesNameALayoutAndATag() {
    ImageReference reference = ImageReference.parse("oci:a/b:c:d".getBytes(StandardCharsets.UTF_8));

    assertThat(reference.directory()).isEqualTo("a/b".getBytes(StandardCharsets.UTF_8));
    assertThat(reference.tag()).isEqualTo("c:d");
    for (String wrong : new String[] {"oci:", "oci::t", "oci:a:", "a:b"}) {
      assertThatThrownBy(() -> ImageReference.parse(wrong.getBytes(StandardCharsets.UTF_8)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
