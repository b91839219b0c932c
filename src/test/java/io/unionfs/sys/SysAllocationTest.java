package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls that a request makes many times, which leave nothing for the garbage collector. */
final class SysAllocationTest {
  private static final int CALLS = 2_000;
  private static final int LESS_THAN_AN_OBJECT = 8;
  private static final Name FILE = Name.of("file");
  private static final Name ABSENT = Name.of("absent");
  private static final Name XATTR = Name.of("user.test");

  private final Sys sys = Sys.linux();
  private final Sys older = new Sys(new XattrCalls(false), false) {};
  private final Stat stat = new Stat();

  @TempDir private Path directory;
  private int dir = -1;
  private int file = -1;

  /** A system call, or a few. */
  private interface Call {
    void run() throws ErrnoException;
  }

  @BeforeEach
  void open() throws Exception {
    Files.writeString(directory.resolve("file"), "hello");
    byte[] path = directory.toString().getBytes(StandardCharsets.UTF_8);
    dir = sys.openPath(path, Linux.O_RDONLY | Linux.O_DIRECTORY, 0);
    file = sys.openat(dir, FILE, Linux.O_RDWR, 0);
    sys.fsetxattr(file, XATTR, new byte[] {1, 2, 3}, 0);
  }

  @AfterEach
  void close() {
    sys.close(file);
    sys.close(dir);
  }

  @Test
  void lookups() throws ErrnoException {
    assertNoAllocation(() -> sys.tryStatx(dir, FILE, stat));
    assertNoAllocation(() -> sys.tryStatx(dir, ABSENT, stat));
    assertNoAllocation(() -> sys.fstatx(file, stat));
  }

  @Test
  void opening() throws ErrnoException {
    assertNoAllocation(() -> sys.close(sys.openat(dir, FILE, Linux.O_RDONLY, 0)));
    assertNoAllocation(() -> sys.tryOpenat(dir, ABSENT, Linux.O_RDONLY, 0));
    SharedFd shared = new SharedFd(sys, sys.dup(file));
    assertNoAllocation(
        () -> {
          if (shared.tryPin()) {
            shared.unpin();
          }
        });
    shared.retire();
  }

  @Test
  void readingAndWriting() throws ErrnoException {
    long address = Scratch.get().address();

    assertNoAllocation(() -> sys.pread(file, address, 5, 0));
    assertNoAllocation(() -> sys.pwrite(file, address, 5, 0));
  }

  @Test
  void listing() throws ErrnoException {
    try (Dirents entries = Dirents.open(sys, dir)) {
      assertNoAllocation(
          () -> {
            entries.rewind();
            while (entries.next()) {
              stat.ino = entries.ino();
            }
          });
    }
  }

  @Test
  void extendedAttributes() throws ErrnoException {
    Scratch scratch = Scratch.get();

    assertNoAllocation(
        () -> older.tryGetxattrat(dir, FILE, XATTR, scratch.address(), scratch.size()));
    assertNoAllocation(
        () -> older.tryGetxattrat(dir, FILE, ABSENT, scratch.address(), scratch.size()));
    assertThat(
            allocatedBy(
                () -> sys.tryGetxattrat(dir, FILE, XATTR, scratch.address(), scratch.size())))
        .as("a call with seven arguments goes through an array")
        .isLessThan(128);
  }

  @Test
  void failing() throws ErrnoException {
    assertNoAllocation(
        () -> {
          try {
            sys.statx(dir, ABSENT, stat);
          } catch (ErrnoException e) {
            stat.ino = e.errno();
          }
        });
  }

  private static void assertNoAllocation(Call call) throws ErrnoException {
    assertThat(allocatedBy(call)).isLessThan(LESS_THAN_AN_OBJECT);
  }

  /** The bytes per call. */
  private static long allocatedBy(Call call) throws ErrnoException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().getId();
    repeat(call); // classes, per-thread areas
    long before = threads.getThreadAllocatedBytes(self);
    repeat(call);
    return (threads.getThreadAllocatedBytes(self) - before) / CALLS;
  }

  private static void repeat(Call call) throws ErrnoException {
    for (int i = 0; i < CALLS; i++) {
      call.run();
    }
  }
}
