package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Discards in which system calls fail: no node acts on what is not its file. */
class DiscardingFailuresTest {
  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private int directories;

  /** No file can be opened for writing while that is wanted. */
  private static final class NoWriting extends Sys {
    private int errno;

    @Override
    public int tryOpenat(int dirFd, Name name, int flags, int mode) {
      boolean existing = (flags & (Linux.O_CREAT | Linux.O_PATH)) == 0;
      return errno != 0 && existing && (flags & Linux.O_RDWR) != 0
          ? -errno
          : super.tryOpenat(dirFd, name, flags, mode);
    }
  }

  private OpenUnion open(Sys sys) throws IOException {
    Path at = Files.createDirectory(home.resolve("run" + directories++));
    Files.createDirectories(at.resolve("lower/d/deep"));
    Files.writeString(at.resolve("lower/f"), "lower");
    Files.writeString(at.resolve("lower/d/x"), "x");
    Files.writeString(at.resolve("lower/d/deep/c"), "c");
    Files.writeString(at.resolve("lower/h1"), "linked");
    Files.createLink(at.resolve("lower/h2"), at.resolve("lower/h1"));
    Files.createLink(at.resolve("lower/d/h3"), at.resolve("lower/h1"));
    return OpenUnion.in(sys, at, options -> options);
  }

  private static void change(UnionSide side) throws ErrnoException {
    write(side, "f");
    write(side, "h1");
    write(side, "d/h3");
    write(side, "d/deep/c");
    side.unlink("d/x");
    side.mkdir("d/new", 0755);
    side.create("d/new/a", 0644);
    side.link("d/new/a", "d/new/b");
    side.create("two", 0644);
    side.link("two", "d/second");
  }

  private static void write(UnionSide side, String path) throws ErrnoException {
    side.write(path, 0, "CHANGED".getBytes(StandardCharsets.UTF_8));
  }

  private static List<Node> retain(OpenUnion union) throws ErrnoException {
    List<Node> nodes = new ArrayList<>();
    for (String path :
        List.of("f", "h1", "h2", "d/h3", "d", "d/deep", "d/deep/c", "d/new", "d/new/a", "two")) {
      Node node = union.node(path);
      union.fs().retain(node);
      nodes.add(node);
    }
    return nodes;
  }

  @Test
  void eachFailureLeavesFilesOrRemovedNodes() throws Exception {
    FailingSys counting = new FailingSys(Errno.EIO);
    int calls;
    try (OpenUnion union = open(counting)) {
      change(new UnionSide(union.fs()));
      retain(union);
      counting.failAt(-1);
      LiveUpper.discard(union.fs(), ".");
      calls = counting.calls().size();
    }
    assertThat(calls).isGreaterThan(20);
    for (int at = 0; at < calls; at++) {
      failAt(at);
    }
  }

  private void failAt(int at) throws Exception {
    FailingSys sys = new FailingSys(Errno.EIO);
    try (OpenUnion union = open(sys)) {
      change(new UnionSide(union.fs()));
      List<Node> nodes = retain(union);
      sys.failAt(at);
      discard(union);
      String failing = "call " + at + ", " + sys.calls().get(at);
      sys.failAt(-1);
      for (Node node : nodes) {
        requireFileOrRemoved(union, node, failing);
      }
      TreeState live = TreeState.of(union.fs());
      nodes.forEach(node -> union.fs().release(node, 1));
      union.remount();
      TreeState read = TreeState.of(union.fs());
      assertThat(live.difference(live, read, read)).as(failing).isNull();
      LiveUpper.discard(union.fs(), ".");
      assertThat(union.read(union.file("f"))).as(failing).isEqualTo("lower");
      assertThat(union.read(union.file("h1"))).as(failing).isEqualTo("linked");
    }
  }

  private static void discard(OpenUnion union) throws IOException {
    try {
      LiveUpper.discard(union.fs(), ".");
    } catch (ErrnoException e) {
      assertThat(e.errno()).isIn(Errno.EIO, Errno.ENFILE);
    }
  }

  private static void requireFileOrRemoved(OpenUnion union, Node node, String failing)
      throws ErrnoException {
    if (!(node instanceof FileNode file)) {
      return;
    }
    boolean there = true;
    try {
      union.fs().getattr(file, new Stat());
    } catch (ErrnoException e) {
      assertThat(e.errno()).as(failing + ", " + file).isEqualTo(Errno.ESTALE);
      there = false;
    }
    assertThat(there || file.isRemoved()).as(failing + ", " + file).isTrue();
    if (there && file.copiedUp()) {
      assertThat(union.read(file)).as(failing + ", " + file).isIn("CHANGED", "");
    }
  }

  @Test
  void fileThatCannotBeHeldIsRemoved() throws Exception {
    NoWriting sys = new NoWriting();
    try (OpenUnion union = open(sys)) {
      UnionSide side = new UnionSide(union.fs());
      side.mkdir("t", 0755);
      side.create("t/a", 0644);
      side.link("t/a", "t/b");
      FileNode open = union.file("t/a");
      union.fs().retain(open);
      sys.errno = Errno.ENFILE;

      LiveUpper.discard(union.fs(), "t");

      sys.errno = 0;
      assertThat(open.isRemoved()).isTrue();
      union.fs().release(open, 1);
    }
  }

  @Test
  void programThatRunsKeepsItsHardLink() throws Exception {
    NoWriting sys = new NoWriting();
    try (OpenUnion union = open(sys)) {
      write(new UnionSide(union.fs()), "h1");
      FileNode open = union.file("h2");
      union.fs().retain(open);
      sys.errno = Errno.ETXTBSY;

      LiveUpper.discard(union.fs(), "h1");

      assertThat(union.read(open)).isEqualTo("CHANGED");
      assertThat(union.stat(open).nlink).isZero();
      assertThat(union.read(union.file("h2"))).isEqualTo("linked");
      union.fs().release(open, 1);
    }
  }
}
