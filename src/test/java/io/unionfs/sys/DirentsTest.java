package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DirentsTest {
  private final Sys sys = Sys.linux();

  @TempDir private Path directory;
  private Path listed;

  @BeforeEach
  void makeDirectory() throws IOException {
    listed = Files.createDirectory(directory.resolve("listed"));
  }

  @Test
  void moreEntriesThanABufferHoldsAreEachSeenOnce() throws Exception {
    Set<Name> expected = new TreeSet<>();
    for (int i = 0; i < 3000; i++) {
      String name = "entry-with-a-name-of-some-length-" + i;
      Files.createFile(listed.resolve(name));
      expected.add(Name.of(name));
    }

    try (Fd fd = open();
        Dirents entries = Dirents.open(sys, fd.raw())) {
      assertThat(names(entries)).isEqualTo(expected);
      assertThat(entries.next()).isFalse();
      entries.rewind();
      assertThat(names(entries)).isEqualTo(expected);
    }
  }

  @Test
  void dotAndDotDotAreToldApartFromNamesThatBeginLikeThem() throws Exception {
    Files.createFile(listed.resolve(".a"));
    Files.createFile(listed.resolve("..."));
    Files.createFile(listed.resolve("b"));

    try (Fd fd = open();
        Dirents entries = Dirents.open(sys, fd.raw())) {
      assertThat(names(entries))
          .containsExactlyInAnyOrder(Name.of(".a"), Name.of("..."), Name.of("b"));
    }
  }

  @Test
  void inodeTypeAndNameAreThoseOfTheEntry() throws Exception {
    Files.createSymbolicLink(listed.resolve("link"), Path.of("target"));
    Stat stat = new Stat();

    try (Fd fd = open();
        Dirents entries = Dirents.open(sys, fd.raw())) {
      sys.statx(fd.raw(), Name.of("link"), stat);
      while (entries.next() && entries.isDotOrDotDot()) {
        assertThat(entries.type()).isEqualTo(Linux.DT_DIR);
      }

      assertThat(entries.ino()).isEqualTo(stat.ino);
      assertThat(entries.type()).isEqualTo(Linux.DT_LNK);
      assertThat(entries.nameLength()).isEqualTo(4);
      assertThat(Name.fromNative(entries.nameAddress(), 4)).isEqualTo(entries.name());
    }
  }

  private Fd open() throws ErrnoException {
    byte[] path = listed.toString().getBytes(StandardCharsets.UTF_8);
    return new Fd(sys, sys.openPath(path, Linux.O_RDONLY | Linux.O_DIRECTORY, 0));
  }

  private static Set<Name> names(Dirents entries) throws ErrnoException {
    Set<Name> names = new TreeSet<>();
    while (entries.next()) {
      if (!entries.isDotOrDotDot()) {
        assertThat(names.add(entries.name())).isTrue();
      }
    }
    return names;
  }
}
