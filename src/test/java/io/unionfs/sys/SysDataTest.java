package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading, writing and copying file data. */
final class SysDataTest {
  private static final int MIB = 1 << 20;

  private final Sys sys = Sys.linux();
  private final Stat stat = new Stat();

  @TempDir private Path directory;
  private int dir = -1;
  private int file = -1;
  private int other = -1;

  @BeforeEach
  void open() throws ErrnoException {
    byte[] path = directory.toString().getBytes(StandardCharsets.UTF_8);
    int flags = Linux.O_RDWR | Linux.O_CREAT;
    dir = sys.openPath(path, Linux.O_RDONLY | Linux.O_DIRECTORY, 0);
    file = sys.openat(dir, Name.of("file"), flags, 0600);
    other = sys.openat(dir, Name.of("other"), flags, 0600);
  }

  @AfterEach
  void close() {
    sys.close(file);
    sys.close(other);
    sys.close(dir);
  }

  @Test
  void nativeMemoryIsWrittenAndReadAtOffsetsBeyondFourGib() throws ErrnoException {
    long offset = 5L << 30;
    try (NativeMemory memory = NativeMemory.allocate(16)) {
      NativeMemory.putLong(memory.address(), 0x0102030405060708L);

      assertThat(sys.pwrite(file, memory.address(), 8, offset)).isEqualTo(8);
      assertThat(sys.pread(file, memory.address() + 8, 8, offset)).isEqualTo(8);

      assertThat(NativeMemory.getLong(memory.address() + 8)).isEqualTo(0x0102030405060708L);
      assertThat(sys.pread(file, memory.address(), 8, offset + 6)).isEqualTo(2);
      assertThat(sys.pread(file, memory.address(), 8, offset + 8)).isZero();
      assertErrno(Errno.EINVAL, () -> sys.pread(file, memory.address(), 8, -1));
    }
    sys.fstatx(file, stat);
    assertThat(stat.size).isEqualTo(offset + 8);
  }

  @Test
  void arraysAreWrittenAndReadInParts() throws ErrnoException {
    byte[] source = random(100_000);
    int written = 0;
    while (written < source.length) {
      written += sys.pwriteArray(file, source, written, source.length - written, written);
    }

    byte[] target = new byte[source.length + 1];
    int read = 0;
    int part;
    while ((part = sys.preadArray(file, target, 1 + read, source.length - read, read)) > 0) {
      read += part;
    }

    assertThat(read).isEqualTo(source.length);
    assertThat(target).endsWith(source).startsWith(0);
  }

  @Test
  void writingAtTheFilesOffsetWritesAll() throws ErrnoException {
    byte[] source = random(200_000);

    sys.write(file, source);
    sys.write(file, new byte[0]);

    sys.fstatx(file, stat);
    assertThat(stat.size).isEqualTo(200_000);
    byte[] target = new byte[1000];
    assertThat(sys.preadArray(file, target, 0, 1000, 199_000)).isEqualTo(1000);
    assertThat(target).isEqualTo(Arrays.copyOfRange(source, 199_000, 200_000));
    assertErrno(Errno.EBADF, () -> sys.write(-1, source));
  }

  @Test
  void truncationGrowsAndShrinks() throws ErrnoException {
    sys.ftruncate(file, 6L << 30);
    sys.fstatx(file, stat);
    assertThat(stat.size).isEqualTo(6L << 30);

    sys.ftruncate(file, 1);
    sys.fstatx(file, stat);
    assertThat(stat.size).isEqualTo(1);
    assertErrno(Errno.EINVAL, () -> sys.ftruncate(file, -1));
  }

  @Test
  void holesAreFound() throws ErrnoException {
    sys.ftruncate(file, 4 * MIB);
    sys.pwriteArray(file, random(4096), 0, 4096, 2 * MIB);

    assertThat(sys.tryLseek(file, 0, Linux.SEEK_DATA)).isEqualTo(2 * MIB);
    assertThat(sys.lseek(file, 2 * MIB, Linux.SEEK_HOLE)).isEqualTo(2 * MIB + 4096);
    assertThat(sys.tryLseek(file, 3 * MIB, Linux.SEEK_DATA)).isEqualTo(-Errno.ENXIO);
    assertErrno(Errno.ENXIO, () -> sys.lseek(file, 5 * MIB, Linux.SEEK_HOLE));
    assertThat(sys.lseek(file, 7L << 30, Linux.SEEK_SET)).isEqualTo(7L << 30);
  }

  @Test
  void allocationAndPunching() throws ErrnoException {
    sys.pwriteArray(file, random(MIB), 0, 65_536, 0);
    sys.fallocate(file, 0, 0, MIB);
    sys.fstatx(file, stat);
    assertThat(stat.size).isEqualTo(MIB);
    assertThat(stat.blocks * 512).isGreaterThanOrEqualTo(MIB);

    sys.fallocate(file, Linux.FALLOC_FL_PUNCH_HOLE | Linux.FALLOC_FL_KEEP_SIZE, 0, MIB);
    sys.fstatx(file, stat);
    assertThat(stat.size).isEqualTo(MIB);
    assertThat(stat.blocks * 512).isLessThan(MIB);
    assertErrno(Errno.EINVAL, () -> sys.fallocate(file, 0, 0, 0));
  }

  @Test
  void copyFileRangeCopiesBetweenOffsets() throws ErrnoException {
    byte[] source = random(50_000);
    sys.pwriteArray(file, source, 0, source.length, 0);

    long copied = sys.tryCopyFileRange(file, 10_000, other, 4096, 30_000);

    assertThat(copied).isEqualTo(30_000);
    byte[] target = new byte[30_000];
    assertThat(sys.preadArray(other, target, 0, target.length, 4096)).isEqualTo(30_000);
    assertThat(target).isEqualTo(Arrays.copyOfRange(source, 10_000, 40_000));
    assertThat(sys.tryCopyFileRange(file, 50_000, other, 0, 10)).isZero();
    assertThat(sys.tryCopyFileRange(dir, 0, other, 0, 10)).isEqualTo(-Errno.EISDIR);
  }

  @Test
  void cloningWorksOrSaysThatTheFileSystemCannot() throws ErrnoException {
    sys.pwriteArray(file, random(8192), 0, 8192, 0);

    int errno = sys.tryFiclone(file, other);

    assumeTrue(errno != Errno.EOPNOTSUPP, "the file system has no reflinks");
    assertThat(errno).isZero();
    sys.fstatx(other, stat);
    assertThat(stat.size).isEqualTo(8192);
  }

  @Test
  void syncing() throws ErrnoException {
    sys.fsync(file);
    sys.fdatasync(file);
    sys.fsync(dir);
    sys.syncfs(dir);

    assertErrno(Errno.EBADF, () -> sys.fsync(-1));
  }

  @Test
  void fileSystemStatistics() throws Exception {
    StatFs statfs = new StatFs();

    sys.fstatfs(dir, statfs);

    assertThat(statfs.blocks * statfs.frsize)
        .isEqualTo(Files.getFileStore(directory).getTotalSpace());
    assertThat(statfs.bfree).isLessThanOrEqualTo(statfs.blocks);
    assertThat(statfs.namelen).isBetween(200L, 255L);
    assertThat(statfs.type).isNotZero();
  }

  @Test
  void theFileSystemsUuidHasSixteenBytesOrIsNotTold() throws ErrnoException {
    byte[] uuid = sys.fileSystemUuid(dir);

    if (uuid != null) {
      assertThat(uuid).hasSize(16).isEqualTo(sys.fileSystemUuid(dir));
    }
  }

  @Test
  void aLockExcludesAnotherOpenFile() throws ErrnoException {
    try (Fd second = new Fd(sys, sys.openat(dir, Name.of("file"), Linux.O_RDONLY, 0))) {
      assertThat(sys.tryFlock(file, Linux.LOCK_EX | Linux.LOCK_NB)).isZero();
      assertThat(sys.tryFlock(second.raw(), Linux.LOCK_SH | Linux.LOCK_NB))
          .isEqualTo(Errno.EWOULDBLOCK);

      assertThat(sys.tryFlock(file, Linux.LOCK_UN)).isZero();
      assertThat(sys.tryFlock(second.raw(), Linux.LOCK_EX | Linux.LOCK_NB)).isZero();
    }
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private static void assertErrno(int errno, ThrowingCallable call) {
    assertThatThrownBy(call).isSameAs(ErrnoException.of(errno));
  }
}
