package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The link count that others see while the names of a lower hard link come into the upper. */
final class LinkCountTest {
  private static final long PATIENCE_SECONDS = 60;

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  /* Another thread asks after every call that makes or moves a name, and may have to wait. */
  private static final class Asking extends Sys {
    private final List<CompletableFuture<Integer>> answers = new ArrayList<>();
    private UnionFileSystem fs;
    private Node node;

    @SuppressWarnings("NullAway.Init") // set by watch()
    Asking() {}

    void watch(UnionFileSystem union, Node watched) {
      node = watched;
      fs = union;
    }

    private void ask() {
      UnionFileSystem union = fs;
      if (union == null) {
        return;
      }
      CompletableFuture<Integer> answer = new CompletableFuture<>();
      Thread thread =
          new Thread(
              () -> {
                Stat stat = new Stat();
                try {
                  union.getattr(node, stat);
                  answer.complete(stat.nlink);
                } catch (ErrnoException | RuntimeException e) {
                  answer.completeExceptionally(e);
                }
              },
              "asking");
      answers.add(answer);
      thread.start();
      while (thread.getState() == Thread.State.NEW || thread.getState() == Thread.State.RUNNABLE) {
        Thread.onSpinWait();
      }
    }

    List<Integer> answers() throws Exception {
      List<Integer> all = new ArrayList<>();
      for (CompletableFuture<Integer> answer : answers) {
        all.add(answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
      }
      return all;
    }

    @Override
    public int tryLinkat(int oldDir, Name oldName, int newDir, Name newName) {
      int errno = super.tryLinkat(oldDir, oldName, newDir, newName);
      ask();
      return errno;
    }

    @Override
    public int tryRenameat2(int oldDir, Name oldName, int newDir, Name newName, int flags) {
      int errno = super.tryRenameat2(oldDir, oldName, newDir, newName, flags);
      ask();
      return errno;
    }

    @Override
    public void setxattrat(int dirFd, Name name, Name xattr, byte[] value, int flags)
        throws ErrnoException {
      super.setxattrat(dirFd, name, xattr, value, flags);
      ask();
    }
  }

  @BeforeEach
  void layers() throws IOException {
    Path lower = Files.createDirectories(home.resolve("lower"));
    Files.createDirectories(lower.resolve("d"));
    Files.createDirectories(home.resolve("upper"));
    Files.writeString(lower.resolve("a"), "linked");
    Files.createLink(lower.resolve("b"), lower.resolve("a"));
    Files.createLink(lower.resolve("d/c"), lower.resolve("a"));
  }

  private interface Step {
    void on(UnionSide side) throws ErrnoException;
  }

  private UnionFileSystem open(Sys sys) throws IOException {
    MountOptions options =
        MountOptions.builder()
            .lower(CoreOracleTest.bytes(home.resolve("lower")))
            .upper(CoreOracleTest.bytes(home.resolve("upper")))
            .build();
    return UnionFileSystem.open(sys, options);
  }

  private List<Integer> counts(String watched, Step step) throws Exception {
    Asking sys = new Asking();
    try (UnionFileSystem fs = open(sys)) {
      UnionSide side = new UnionSide(fs);
      sys.watch(fs, side.node(watched));
      step.on(side);
      return sys.answers();
    }
  }

  @Test
  void copyUpDoesNotChangeIt() throws Exception {
    assertThat(counts("a", side -> side.chmod("b", 0600))).isNotEmpty().containsOnly(3);
  }

  @Test
  void namesThatComeIntoTheUpperDoNotChangeIt() throws Exception {
    assertThat(
            counts(
                "a",
                side -> {
                  side.chmod("a", 0600);
                  side.rename("d/c", "new", 0);
                  side.rename("b", "d/new", 0);
                }))
        .isNotEmpty()
        .containsOnly(3);
  }

  @Test
  void removalCountsOnce() throws Exception {
    List<Integer> seen = counts("a", side -> side.unlink("d/c"));

    assertThat(seen).isNotEmpty().isSubsetOf(3, 2);
  }

  @Test
  void countThatAFullDiskKeepsFromBeingSetRightIsNoReasonToRefuseTheMount() throws Exception {
    counts("a", side -> side.chmod("a", 0600));
    Path index = home.resolve(".upper.unionfs-work/index");
    String space = OwnProcess.geteuid() == 0 ? "trusted" : "user";
    Name count = Name.of(space + ".overlay.nlink");
    try (Stream<Path> entries = Files.list(index)) {
      Name entry = Name.of(CoreOracleTest.bytes(entries.findFirst().orElseThrow()));
      byte[] crashed = {'L', '+', '0'}; // between the link and the count
      Sys.linux().setxattrat(Linux.AT_FDCWD, entry, count, crashed, 0);
    }
    Sys full =
        new Sys() {
          @Override
          public void setxattrat(int dirFd, Name name, Name xattr, byte[] value, int flags)
              throws ErrnoException {
            if (xattr.equals(count)) {
              throw ErrnoException.of(Errno.ENOSPC);
            }
            super.setxattrat(dirFd, name, xattr, value, flags);
          }
        };

    for (Sys sys : new Sys[] {full, Sys.linux()}) {
      try (UnionFileSystem fs = open(sys)) {
        Stat stat = new Stat();
        fs.getattr(new UnionSide(fs).node("b"), stat);
        assertThat(stat.nlink).isEqualTo(3);
      }
    }
  }
}
