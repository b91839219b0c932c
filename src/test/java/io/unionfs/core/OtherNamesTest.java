package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files and directories whose other names, or whose name's next owner, are met after a removal or a
 * failure.
 */
final class OtherNamesTest {
  private static final int NODUMP = 0x40;
  private static final Caller CALLER = new Caller(0, 0, 022, 1);

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  @BeforeEach
  void layers() throws Exception {
    Files.createDirectories(home.resolve("lower/d"));
    Files.createDirectories(home.resolve("upper"));
    Files.writeString(home.resolve("lower/d/a"), "lower");
    Files.createLink(home.resolve("lower/d/b"), home.resolve("lower/d/a"));
  }

  private UnionFileSystem open(Sys sys) throws IOException {
    return UnionFileSystem.open(
        sys, MountOptions.builder().lower(bytes("lower")).upper(bytes("upper")).build());
  }

  private byte[] bytes(String name) {
    return home.resolve(name).toString().getBytes(StandardCharsets.UTF_8);
  }

  private static FileNode file(UnionFileSystem fs, DirNode dir, String name) throws ErrnoException {
    return (FileNode) Objects.requireNonNull(fs.lookup(dir, Name.of(name)), name);
  }

  private static DirNode dir(UnionFileSystem fs, String name) throws ErrnoException {
    return (DirNode) Objects.requireNonNull(fs.lookup(fs.root(), Name.of(name)), name);
  }

  private static void write(UnionFileSystem fs, FileNode file, String text) throws ErrnoException {
    byte[] data = text.getBytes(StandardCharsets.UTF_8);
    try (NativeMemory memory = NativeMemory.allocate(data.length)) {
      NativeMemory.putBytes(memory.address(), data, 0, data.length);
      assertThat(fs.write(file, memory.address(), data.length, 0)).isEqualTo(data.length);
    }
  }

  private static String read(UnionFileSystem fs, FileNode file) throws ErrnoException {
    byte[] data = new byte[100];
    try (NativeMemory memory = NativeMemory.allocate(data.length)) {
      int length = fs.read(file, memory.address(), data.length, 0);
      NativeMemory.getBytes(memory.address(), data, 0, length);
      return new String(data, 0, length, StandardCharsets.UTF_8);
    }
  }

  private static int nlink(UnionFileSystem fs, Node node) throws ErrnoException {
    Stat stat = new Stat();
    fs.getattr(node, stat);
    return stat.nlink;
  }

  private static void chmod(UnionFileSystem fs, Node node) throws ErrnoException {
    SetAttr change = new SetAttr();
    change.valid = SetAttr.MODE;
    change.mode = 0600;
    fs.setattr(node, change, CALLER);
  }

  /* Whatever fails: what is written by one name afterwards is read by the other, now and later. */
  @Test
  void copyThatFailedIsNoSecondFile() throws Exception {
    FailingSys counting = new FailingSys(Errno.ENOSPC);
    int calls;
    try (UnionFileSystem fs = open(counting)) {
      FileNode a = file(fs, dir(fs, "d"), "a");
      counting.failAt(-1);
      chmod(fs, a);
      calls = counting.calls().size();
    }
    for (int at = 0; at < calls; at++) {
      Path run = Files.createDirectory(home.resolve("run" + at));
      FailingSys sys = new FailingSys(Errno.ENOSPC);
      String when;
      MountOptions options =
          MountOptions.builder()
              .lower(bytes("lower"))
              .upper(run.toString().getBytes(StandardCharsets.UTF_8))
              .build();
      try (UnionFileSystem fs = UnionFileSystem.open(sys, options)) {
        FileNode a = file(fs, dir(fs, "d"), "a");
        fs.retain(a);
        sys.failAt(at);
        try {
          chmod(fs, a);
        } catch (ErrnoException e) {
          assertThat(e.errno()).isIn(Errno.ENOSPC, Errno.ENFILE);
        }
        when = at + " of " + sys.calls();
        sys.failAt(-1);
        write(fs, file(fs, dir(fs, "d"), "b"), "first");
        assertThat(read(fs, a)).as(when).isEqualTo("first");
        chmod(fs, a);
        write(fs, a, "again");
        assertThat(read(fs, file(fs, dir(fs, "d"), "b"))).as(when).isEqualTo("again");
        assertThat(nlink(fs, a)).as(when).isEqualTo(2);
        fs.release(a, 1);
      }
      try (UnionFileSystem fs = UnionFileSystem.open(Sys.linux(), options)) {
        for (String name : List.of("a", "b")) {
          assertThat(read(fs, file(fs, dir(fs, "d"), name))).as(when).isEqualTo("again");
        }
      }
    }
  }

  /* Without an index the other name is a file of its own, once nobody can tell that it was none. */
  @Test
  void nameFoundAfterACopyWithoutANameIsNotLost() throws Exception {
    try (UnionFileSystem fs = open(new WithoutHandles())) {
      DirNode d = dir(fs, "d");
      FileNode a = file(fs, d, "a");
      fs.retain(a);
      fs.unlink(d, Name.of("a"));
      write(fs, a, "mine only");
      write(fs, file(fs, d, "b"), "b's");

      assertThat(read(fs, a)).isEqualTo("mine only");
      assertThat(read(fs, file(fs, d, "b"))).isEqualTo("b'ser");
      fs.rename(d, Name.of("b"), d, Name.of("c"), 0);
      fs.release(a, 1);
      assertThat(read(fs, file(fs, d, "c"))).isEqualTo("b'ser");
    }
    try (UnionFileSystem fs = open(Sys.linux())) {
      assertThat(read(fs, file(fs, dir(fs, "d"), "c"))).isEqualTo("b'ser");
    }
  }

  @Test
  void fileThatHasANameAgainIsNotGoneWithItsHandle() throws Exception {
    Files.writeString(home.resolve("upper/x"), "content");
    Files.createLink(home.resolve("upper/y"), home.resolve("upper/x"));
    try (UnionFileSystem fs = open(Sys.linux())) {
      FileNode x = file(fs, fs.root(), "x");
      fs.retain(x);
      fs.unlink(fs.root(), Name.of("x"));
      assertThat(file(fs, fs.root(), "y")).isSameAs(x);
      fs.rename(fs.root(), Name.of("y"), fs.root(), Name.of("z"), 0);
      fs.release(x, 1);

      FileNode z = file(fs, fs.root(), "z");
      assertThat(nlink(fs, z)).isEqualTo(1);
      assertThat(read(fs, z)).isEqualTo("content");
      fs.link(z, fs.root(), Name.of("w"));
      assertThat(file(fs, fs.root(), "w")).isSameAs(z);
      assertThat(nlink(fs, z)).isEqualTo(2);
    }
  }

  @Test
  void flagsOfARemovedDirectoryAreNotThoseOfTheNextOne() throws Exception {
    try (UnionFileSystem fs = open(Sys.linux())) {
      DirNode old = fs.mkdir(fs.root(), Name.of("made"), 0755, CALLER, null);
      fs.retain(old);
      fs.rmdir(fs.root(), Name.of("made"));
      DirNode next = fs.mkdir(fs.root(), Name.of("made"), 0755, CALLER, null);
      int before = fs.getFlags(next);
      try {
        fs.setFlags(old, fs.getFlags(old) | NODUMP);
      } catch (ErrnoException e) {
        assumeThat(e.errno()).as("flags on this file system").isNotEqualTo(Errno.EOPNOTSUPP);
        throw e;
      }

      assertThat(fs.getFlags(next)).isEqualTo(before);
      assertThat(fs.getFlags(old) & NODUMP).isEqualTo(NODUMP);
      fs.release(old, 1);
    }
  }

  @Test
  void flagsOfARemovedLowerDirectoryAreItsOwn() throws Exception {
    Files.createDirectory(home.resolve("lower/empty"));
    try (UnionFileSystem fs = open(Sys.linux())) {
      DirNode old = dir(fs, "empty");
      fs.retain(old);
      fs.rmdir(fs.root(), Name.of("empty"));
      try {
        fs.setFlags(old, fs.getFlags(old) | NODUMP);
      } catch (ErrnoException e) {
        assumeThat(e.errno()).as("flags on this file system").isNotEqualTo(Errno.EOPNOTSUPP);
        throw e;
      }
      assertThat(fs.getFlags(old) & NODUMP).isEqualTo(NODUMP);
      fs.release(old, 1);
    }
    try (UnionFileSystem fs =
        UnionFileSystem.open(Sys.linux(), MountOptions.builder().lower(bytes("lower")).build())) {
      assertThat(fs.getFlags(dir(fs, "empty")) & NODUMP).isZero();
    }
  }
}
