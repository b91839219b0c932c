package io.unionfs.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.image.LayerCommit.Written;
import io.unionfs.image.LayerUnpacking.Watcher;
import io.unionfs.layer.MarkRules;
import io.unionfs.layer.Marks;
import io.unionfs.offline.LayerSource;
import io.unionfs.offline.LayerSources;
import io.unionfs.offline.OpenLayers;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Sys;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A layer of what an upper had at one moment, most of which was read before. */
class CutTest {
  private static final Sys SYS = Sys.linux();
  private static final Watcher QUIET = (entries, bytes) -> {};
  private static final FileTime TIME = FileTime.from(Instant.ofEpochSecond(77, 5));

  /* All that is read was changed long ago. */
  private static final Clock LATER = Clock.offset(Clock.systemUTC(), Duration.ofHours(1));

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private Path upper = Path.of("");

  private static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  @BeforeEach
  void makeLayers() throws Exception {
    upper = Files.createDirectory(home.resolve("upper"));
    Files.createDirectories(home.resolve("lower/old/deep"));
    Files.writeString(home.resolve("lower/old/deep/f"), "of the lower");
    Files.writeString(home.resolve("lower/gone"), "x");
    for (String name : List.of("same", "written", "truncated", "removed", "replaced", "moved")) {
      write(name, name.repeat(1000));
    }
    try (RandomAccessFile holes = new RandomAccessFile(upper.resolve("holes").toFile(), "rw")) {
      holes.setLength(1 << 22);
      holes.seek(1 << 21);
      holes.write(1);
    }
    Files.createLink(upper.resolve("link"), upper.resolve("same"));
    Files.createSymbolicLink(upper.resolve("symlink"), Path.of("same"));
    Files.createDirectory(upper.resolve("new"));
    SYS.setxattrat(Linux.AT_FDCWD, Name.of(bytes(upper.resolve("new"))), redirect(), old(), 0);
    SYS.mknodat(Linux.AT_FDCWD, Name.of(bytes(upper.resolve("gone"))), Linux.S_IFCHR, 0);
  }

  private static Name redirect() {
    return Name.of((OwnProcess.geteuid() == 0 ? "trusted" : "user") + ".overlay.redirect");
  }

  private static byte[] old() {
    return "/old".getBytes(StandardCharsets.UTF_8);
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(upper.resolve(name), text);
    Files.setLastModifiedTime(upper.resolve(name), TIME);
  }

  private OpenLayers open() throws IOException {
    return OpenLayers.open(
        SYS,
        new LayerSources(
            List.of(LayerSource.of(bytes(home.resolve("lower")))),
            LayerSource.of(bytes(upper)),
            null,
            new MarkRules(Marks.Follow.ALL, null, false),
            true));
  }

  private byte[] direct() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OpenLayers layers = open()) {
      LayerCommit.write(layers, out, Compression.NONE, QUIET);
    }
    return out.toByteArray();
  }

  private long readAhead(Cut cut) throws IOException {
    try (OpenLayers layers = open()) {
      return cut.readAhead(layers, QUIET);
    }
  }

  private void change() throws IOException {
    write("written", "WRITTEN".repeat(1000)); // neither size nor time tell
    write("truncated", "t");
    Files.delete(upper.resolve("removed"));
    write("other", "replaced".repeat(1000).toUpperCase(java.util.Locale.ROOT));
    Files.move(
        upper.resolve("other"),
        upper.resolve("replaced"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    Files.move(upper.resolve("moved"), upper.resolve("elsewhere"));
    write("added", "added");
  }

  private void requireTheMomentOfTheCut(Clock clock, boolean ahead) throws IOException {
    try (Cut cut = Cut.in(SYS, bytes(home), clock)) {
      assertThat(readAhead(cut) > 0).isEqualTo(ahead);
      change();
      byte[] expected = direct();
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (OpenLayers layers = open()) {
        cut.take(layers, QUIET);
        write("same", "SAME".repeat(1000));
        write("added", "more");
        Files.delete(upper.resolve("elsewhere"));
        Files.delete(upper.resolve("holes"));

        Written written = LayerCommit.write(cut, out, Compression.NONE, QUIET);

        assertThat(out.toByteArray()).isEqualTo(expected);
        assertThat(written.size()).isEqualTo(expected.length);
        assertThat(new String(expected, StandardCharsets.ISO_8859_1)).contains("of the lower");
      }
    }
  }

  @Test
  void layerIsTheUpperAtTheMomentOfTheCut() throws Exception {
    requireTheMomentOfTheCut(LATER, true);
  }

  @Test
  void filesThatHaveJustBeenChangedAreReadAtTheCut() throws Exception {
    requireTheMomentOfTheCut(Clock.systemUTC(), false);
  }

  @Test
  void onlyWhatChangedIsReadAgain() throws Exception {
    try (Cut cut = Cut.in(SYS, bytes(home), LATER)) {
      assertThat(readAhead(cut)).isGreaterThan(6000);
      assertThat(readAhead(cut)).isZero();

      write("written", "WRITTEN".repeat(1000));

      assertThat(readAhead(cut)).isEqualTo(7000);
    }
  }

  /* Another change may have the same time: of a file system that has whole seconds, or one that takes long. */
  @Test
  void whatWasChangedAMomentBeforeIsNotReadAhead() throws Exception {
    Instant changed =
        ((FileTime) Files.getAttribute(upper.resolve("written"), "unix:ctime")).toInstant();
    for (int since : List.of(-5000, 0, 90, 4000)) {
      try (Cut cut =
          Cut.in(SYS, bytes(home), Clock.fixed(changed.plusMillis(since), ZoneOffset.UTC))) {
        assertThat(readAhead(cut)).as("%d ms after", since).isZero();
      }
    }
  }
}
