package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.unionfs.TargetDirectories;
import io.unionfs.offline.Discard;
import io.unionfs.offline.Paths;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A discard while somebody waits for a lower that does not answer. */
class DiscardWaitsTest {
  private static final int SHORT_MILLIS = 100;

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private static final class DeadLower extends Sys {
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch answered = new CountDownLatch(1);

    @Override
    public int tryStatx(int dirFd, Name name, Stat out) {
      if (name.equals(Name.of("hangs"))) {
        asked.countDown();
        try {
          answered.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return Errno.EINTR;
        }
      }
      return super.tryStatx(dirFd, name, out);
    }
  }

  private static Discarding discarding(OpenUnion union, String... paths) throws Exception {
    Discarding discarding = union.fs().discard();
    List<List<Name>> names =
        java.util.stream.Stream.of(paths)
            .map(path -> Paths.split(path.getBytes(StandardCharsets.UTF_8)))
            .toList();
    try (Discard discard = Discard.ofMounted(Sys.linux(), LiveUpper.sources(union.fs()), names)) {
      assertThat(union.fs().tryHoldChanges(0)).isTrue();
      try {
        assertThatExceptionOfType(ErrnoException.class)
            .isThrownBy(() -> discarding.run(discard.steps(), SHORT_MILLIS))
            .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY));
      } finally {
        union.fs().releaseChanges();
        discarding.sweep();
      }
    }
    return discarding;
  }

  @Test
  @Timeout(60)
  void discardFailsWithNothingDoneWhereALowerDoesNotAnswer() throws Exception {
    Files.createDirectories(home.resolve("lower/dead"));
    Files.createDirectories(home.resolve("lower/d"));
    Files.writeString(home.resolve("lower/dead/hangs"), "x");
    Files.writeString(home.resolve("lower/d/f"), "lower");
    Files.writeString(home.resolve("lower/h1"), "linked");
    Files.createLink(home.resolve("lower/h2"), home.resolve("lower/h1"));
    DeadLower sys = new DeadLower();
    try (OpenUnion union = OpenUnion.in(sys, home, options -> options)) {
      UnionSide side = new UnionSide(union.fs());
      byte[] changed = "CHANGED".getBytes(StandardCharsets.UTF_8);
      side.write("h1", 0, changed);
      side.write("d/f", 0, changed);
      DirNode dead = (DirNode) union.node("dead");
      CompletableFuture<Node> looking =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return union.fs().lookup(dead, Name.of("hangs"));
                } catch (ErrnoException e) {
                  throw new IllegalStateException(e);
                }
              });
      sys.asked.await();

      Discarding failed = discarding(union, "h1", "d/f");

      assertThat(failed.begun()).isFalse();
      assertThat(union.read(union.file("h2"))).isEqualTo("CHANGED");
      assertThat(union.read(union.file("d/f"))).isEqualTo("CHANGED");
      assertThat(union.stat(union.file("h1")).nlink).isEqualTo(2);

      sys.answered.countDown();
      assertThat(looking.get(60, TimeUnit.SECONDS)).isNotNull();
      LiveUpper.discard(union.fs(), "h1", "d/f");
      assertThat(union.read(union.file("h2"))).isEqualTo("linked");
      assertThat(union.read(union.file("d/f"))).isEqualTo("lower");
    }
  }
}
