package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Constants and struct layouts against the machine's own C compiler and headers. */
final class LinuxTest {
  /* Defined by headers that cannot be included beside others, or kept from user programs. */
  private static final String PROGRAM =
      """
      #define _GNU_SOURCE
      #include <fcntl.h>
      #include <stddef.h>
      #include <stdio.h>
      #include <dirent.h>
      #include <sched.h>
      #include <sys/stat.h>
      #include <sys/file.h>
      #include <sys/mount.h>
      #include <sys/prctl.h>
      #include <sys/resource.h>
      #include <sys/statfs.h>
      #include <sys/sysmacros.h>
      #include <sys/xattr.h>
      #include <linux/capability.h>
      #include <linux/falloc.h>
      #include <linux/fs.h>
      #include <linux/openat2.h>
      #ifndef PR_SET_IO_FLUSHER
      #define PR_SET_IO_FLUSHER 57
      #endif
      #define SHOW(name) printf(#name " %lld\\n", (long long) (name))
      #define OFFSET(type, field) \\
        printf(#type "." #field " %lld\\n", (long long) offsetof(struct type, field))
      int main(void) {
      @
        return 0;
      }
      """;

  @TempDir private Path directory;

  @Test
  void constantsAreThoseOfTheHeaders() throws Exception {
    Map<String, Long> ours = new HashMap<>();
    for (Field field : Linux.class.getFields()) {
      if (Modifier.isStatic(field.getModifiers())) {
        ours.put(field.getName(), field.getLong(null));
      }
    }
    ours.remove("O_LARGEFILE"); // 0 to programs whose offsets have 64 bits anyway

    Map<String, Long> theirs = run(ours.keySet().stream().map(name -> "SHOW(" + name + ");"));

    assertThat(ours).hasSizeGreaterThan(100).containsExactlyInAnyOrderEntriesOf(theirs);
  }

  @Test
  void deviceNumbersArePackedLikeMakedev() throws Exception {
    long[][] numbers = {{0, 0}, {8, 1}, {4095, 255}, {4096, 256}, {0x12345678, 0x7654321}};

    Map<String, Long> theirs =
        run(Stream.of(numbers).map(n -> "SHOW(makedev(%d, %d));".formatted(n[0], n[1])));

    for (long[] n : numbers) {
      long dev = Linux.makedev((int) n[0], (int) n[1]);
      assertThat(theirs).containsEntry("makedev(%d, %d)".formatted(n[0], n[1]), dev);
      assertThat(Linux.major(dev)).isEqualTo((int) n[0]);
      assertThat(Linux.minor(dev)).isEqualTo((int) n[1]);
    }
  }

  @Test
  void statxFieldsAreReadWhereTheHeadersPutThem() throws Exception {
    Map<String, Long> offsets =
        run(
            Stream.of(
                    "blksize attributes nlink uid gid mode ino size blocks attributes_mask"
                        .split(" "),
                    "atime btime ctime mtime rdev_major rdev_minor dev_major dev_minor mnt_id"
                        .split(" "))
                .flatMap(Stream::of)
                .map(field -> "OFFSET(statx, stx_" + field + ");"));
    Stat stat = new Stat();
    try (NativeMemory memory = NativeMemory.allocate(256)) {
      long at = memory.address();
      NativeMemory.zero(at, 256);
      NativeMemory.putInt(at + offset(offsets, "blksize"), 1);
      NativeMemory.putLong(at + offset(offsets, "attributes"), 2);
      NativeMemory.putInt(at + offset(offsets, "nlink"), 3);
      NativeMemory.putInt(at + offset(offsets, "uid"), 4);
      NativeMemory.putInt(at + offset(offsets, "gid"), 5);
      NativeMemory.putShort(at + offset(offsets, "mode"), (short) 0177777);
      NativeMemory.putLong(at + offset(offsets, "ino"), 7);
      NativeMemory.putLong(at + offset(offsets, "size"), 8);
      NativeMemory.putLong(at + offset(offsets, "blocks"), 9);
      NativeMemory.putLong(at + offset(offsets, "attributes_mask"), 10);
      putTime(at + offset(offsets, "atime"), 11);
      putTime(at + offset(offsets, "btime"), 13);
      putTime(at + offset(offsets, "ctime"), 15);
      putTime(at + offset(offsets, "mtime"), 17);
      NativeMemory.putInt(at + offset(offsets, "rdev_major"), 19);
      NativeMemory.putInt(at + offset(offsets, "rdev_minor"), 20);
      NativeMemory.putInt(at + offset(offsets, "dev_major"), 21);
      NativeMemory.putInt(at + offset(offsets, "dev_minor"), 22);
      NativeMemory.putLong(at + offset(offsets, "mnt_id"), 23);

      stat.read(at);
    }

    Stat expected = new Stat();
    expected.blksize = 1;
    expected.attributes = 2;
    expected.nlink = 3;
    expected.uid = 4;
    expected.gid = 5;
    expected.mode = 0177777;
    expected.ino = 7;
    expected.size = 8;
    expected.blocks = 9;
    expected.attributesMask = 10;
    expected.atime = 11;
    expected.atimeNsec = 12;
    expected.btime = 13;
    expected.btimeNsec = 14;
    expected.ctime = 15;
    expected.ctimeNsec = 16;
    expected.mtime = 17;
    expected.mtimeNsec = 18;
    expected.rdev = Linux.makedev(19, 20);
    expected.dev = Linux.makedev(21, 22);
    expected.mntId = 23;
    assertThat(stat).usingRecursiveComparison().isEqualTo(expected);
  }

  @Test
  void statfsFieldsAreReadWhereTheHeadersPutThem() throws Exception {
    String[] fields =
        "type bsize blocks bfree bavail files ffree fsid namelen frsize flags".split(" ");
    Map<String, Long> offsets =
        run(Stream.of(fields).map(field -> "OFFSET(statfs, f_" + field + ");"));
    StatFs statfs = new StatFs();
    try (NativeMemory memory = NativeMemory.allocate(256)) {
      for (int i = 0; i < fields.length; i++) {
        long offset = offsets.getOrDefault("statfs.f_" + fields[i], -1L);
        NativeMemory.putLong(memory.address() + offset, 100 + i);
      }

      statfs.read(memory.address());
    }

    for (int i = 0; i < fields.length; i++) {
      assertThat(StatFs.class.getField(fields[i]).getLong(statfs)).as(fields[i]).isEqualTo(100 + i);
    }
  }

  @Test
  void typesAreToldByTheMode() {
    assertThat(Linux.isDir(Linux.S_IFDIR | 0755)).isTrue();
    assertThat(Linux.isDir(Linux.S_IFBLK)).isFalse();
    assertThat(Linux.isReg(Linux.S_IFREG)).isTrue();
    assertThat(Linux.isLnk(Linux.S_IFLNK)).isTrue();
    assertThat(Linux.isReg(Linux.S_IFLNK)).isFalse();
    assertThat(Linux.isChr(Linux.S_IFCHR)).isTrue();
    assertThat(Linux.isChr(Linux.S_IFBLK)).isFalse();
    assertThat(Linux.isBlk(Linux.S_IFBLK)).isTrue();
    assertThat(Linux.isFifo(Linux.S_IFIFO)).isTrue();
    assertThat(Linux.isSock(Linux.S_IFSOCK)).isTrue();
  }

  private static long offset(Map<String, Long> offsets, String field) {
    return offsets.getOrDefault("statx.stx_" + field, -1L);
  }

  private static void putTime(long at, int value) {
    NativeMemory.putLong(at, value);
    NativeMemory.putInt(at + 8, value + 1);
  }

  private Map<String, Long> run(Stream<String> statements) throws Exception {
    assumeTrue(runs("gcc", "--version"), "no C compiler on this machine");
    Path source = directory.resolve("show.c");
    Path program = directory.resolve("show");
    Files.writeString(source, PROGRAM.replace("@", statements.collect(Collectors.joining("\n"))));
    output("gcc", "-o", program.toString(), source.toString());
    return output(program.toString())
        .lines()
        .collect(
            Collectors.toMap(
                line -> line.substring(0, line.lastIndexOf(' ')),
                line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1))));
  }

  private static boolean runs(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false; // not installed
    }
  }

  private static String output(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
