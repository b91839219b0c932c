package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.Errno;
import io.unionfs.sys.Sys;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataCopyTest {
  private static final int PAGE = 4096;

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private final List<String> calls = new ArrayList<>();

  /** A host without reflinks, that tells how data is copied. */
  private final class Watched extends Sys {
    @Override
    public int tryFiclone(int fromFd, int toFd) {
      calls.add("reflink");
      return Errno.EOPNOTSUPP;
    }

    @Override
    public long tryCopyFileRange(int in, long inOffset, int out, long outOffset, long length) {
      calls.add("range");
      return super.tryCopyFileRange(in, inOffset, out, outOffset, length);
    }
  }

  private Path lower(String name) {
    return home.resolve("lower").resolve(name);
  }

  private Path upper(String name) {
    return home.resolve("upper").resolve(name);
  }

  @BeforeEach
  void layers() throws Exception {
    Files.createDirectories(home.resolve("lower"));
    Files.createDirectories(home.resolve("upper"));
  }

  private byte[] write(String name, int size) throws Exception {
    byte[] data = new byte[size];
    new Random(size).nextBytes(data);
    try (RandomAccessFile file = new RandomAccessFile(lower(name).toFile(), "rw")) {
      file.write(data);
      file.getFD().sync(); // until then the host may not count the file's blocks
    }
    return data;
  }

  private void copyUp(String... names) throws Exception {
    MountOptions options =
        MountOptions.builder()
            .lower(CoreOracleTest.bytes(home.resolve("lower")))
            .upper(CoreOracleTest.bytes(home.resolve("upper")))
            .build();
    try (UnionFileSystem fs = UnionFileSystem.open(new Watched(), options)) {
      UnionSide side = new UnionSide(fs);
      for (String name : names) {
        side.chmod(name, 0640);
      }
    }
  }

  @Test
  void smallFileIsReadAndWrittenAndALargeOneCopiedByTheHost() throws Exception {
    byte[] one = write("one", 1);
    byte[] small = write("small", 3 * PAGE + 5);
    byte[] large = write("large", 100 * PAGE + 5);

    copyUp("one", "small");
    assertThat(calls).doesNotContain("range");
    assertThat(Files.readAllBytes(upper("one"))).isEqualTo(one);
    assertThat(Files.readAllBytes(upper("small"))).isEqualTo(small);

    copyUp("large");
    assertThat(calls).contains("range");
    assertThat(Files.readAllBytes(upper("large"))).isEqualTo(large);
  }

  @Test
  void hostThatSharesNoBlocksIsAskedOnce() throws Exception {
    write("one", 1);
    write("two", 2);
    write("large", 100 * PAGE);

    copyUp("one", "two", "large");

    assertThat(calls).containsOnlyOnce("reflink");
  }

  @Test
  void holesOfASmallFileStayHoles() throws Exception {
    try (RandomAccessFile file = new RandomAccessFile(lower("hole").toFile(), "rw")) {
      file.setLength(5 * PAGE);
      file.seek(4 * PAGE);
      file.write(7);
      file.getFD().sync();
    }

    copyUp("hole");

    assertThat(Files.readAllBytes(upper("hole"))).isEqualTo(Files.readAllBytes(lower("hole")));
    assertThat((Long) Files.getAttribute(upper("hole"), "unix:size")).isEqualTo(5 * PAGE);
    assertThat(calls).contains("range");
  }
}
