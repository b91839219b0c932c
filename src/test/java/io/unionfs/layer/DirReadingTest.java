package io.unionfs.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.unionfs.sys.Dirents;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DirReadingTest {
  private static final Name DIR = Name.of("dir");

  @TempDir Path home;
  private Layer layer;
  private LayerDir dir;

  @BeforeEach
  void open() throws Exception {
    Files.createDirectory(home.resolve("dir"));
    Files.createFile(home.resolve("dir/a"));
    Files.createFile(home.resolve("dir/b"));
    layer = Layer.openLower(Sys.linux(), home.toString().getBytes(StandardCharsets.UTF_8));
    dir = layer.root().child(DIR);
  }

  @AfterEach
  void close() {
    layer.close();
  }

  private static List<String> names(DirReading reading) throws ErrnoException {
    List<String> names = new ArrayList<>();
    Dirents entries = reading.entries();
    while (entries.next()) {
      if (!entries.isDotOrDotDot()) {
        names.add(entries.name().toString());
      }
    }
    return names;
  }

  private List<String> names() throws ErrnoException {
    try (DirReading reading = dir.read()) {
      return names(reading);
    }
  }

  @Test
  void descriptorIsTheOneThatNamesAreLookedUpBy() throws Exception {
    assertThat(dir.descriptor()).isNull();
    assertThat(names()).containsExactlyInAnyOrder("a", "b");

    SharedFd kept = dir.descriptor();
    assertThat(kept).isNotNull();
    assertThat(dir.tryStat(Name.of("a"), new Stat())).isZero();
    assertThat(dir.descriptor()).isSameAs(kept);
  }

  @Test
  void everyReadingBeginsWithTheFirstEntry() throws Exception {
    try (DirReading first = dir.read();
        DirReading second = dir.read()) {
      assertThat(first.entries().next()).isTrue();
      assertThat(names(second)).containsExactlyInAnyOrder("a", "b");
    }
    assertThat(names()).containsExactlyInAnyOrder("a", "b");
    assertThat(names()).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void readingGoesOnWhenTheDescriptorIsGivenUp() throws Exception {
    try (DirReading reading = dir.read()) {
      layer.descriptors().giveUp();
      assertThat(dir.descriptor()).isNull();
      assertThat(names(reading)).containsExactlyInAnyOrder("a", "b");
    }
    assertThat(dir.tryStat(Name.of("b"), new Stat())).isZero();
  }

  @Test
  void rootAndOpenDirectoriesAreReadToo() throws Exception {
    try (DirReading reading = layer.root().read()) {
      assertThat(names(reading)).containsExactly("dir");
    }
    assertThat(dir.tryStat(Name.of("a"), new Stat())).isZero();
    assertThat(names()).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void directoryThatIsGoneOrAnotherThingIsStale() throws Exception {
    LayerDir gone = layer.root().child(Name.of("gone"));
    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(gone::read)
        .matches(e -> e.errno() == Errno.ESTALE);

    Files.createSymbolicLink(home.resolve("link"), home.resolve("dir"));
    LayerDir link = layer.root().child(Name.of("link"));
    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(link::read)
        .matches(e -> e.errno() == Errno.ESTALE);
    assertThat(link.descriptor()).isNull();
  }
}
