package io.unionfs.transport.jnrfuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.unionfs.TargetDirectories;
import io.unionfs.transport.jnrfuse.Layouts.ContextAt;
import io.unionfs.transport.jnrfuse.Layouts.FileInfoAt;
import io.unionfs.transport.jnrfuse.Layouts.StatAt;
import io.unionfs.transport.jnrfuse.Layouts.StatvfsAt;
import io.unionfs.transport.jnrfuse.Layouts.TimespecAt;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares the offsets with what the C compiler of this machine says. */
class LayoutsTest {
  private static final String PROGRAM =
      """
      #include <stddef.h>
      #include <stdint.h>
      #include <stdio.h>
      #include <sys/stat.h>
      #include <sys/statvfs.h>
      #include <time.h>
      /* As in fuse_common.h and fuse.h of libfuse 2.9. */
      struct fuse_file_info {
        int flags; unsigned long fh_old; int writepage;
        unsigned int direct_io : 1; unsigned int keep_cache : 1; unsigned int flush : 1;
        unsigned int nonseekable : 1; unsigned int flock_release : 1; unsigned int padding : 27;
        uint64_t fh; uint64_t lock_owner;
      };
      struct fuse_context {
        void *fuse; uid_t uid; gid_t gid; pid_t pid; void *private_data; mode_t umask;
      };
      #define P(s, m) printf("%zu ", offsetof(struct s, m))
      int main(void) {
        struct fuse_file_info fi = {0};
        fi.keep_cache = 1;
        printf("%zu ", sizeof(struct stat));
        P(stat, st_ino); P(stat, st_mode); P(stat, st_nlink); P(stat, st_uid); P(stat, st_gid);
        P(stat, st_rdev); P(stat, st_size); P(stat, st_blksize); P(stat, st_blocks);
        P(stat, st_atim.tv_sec); P(stat, st_atim.tv_nsec);
        P(stat, st_mtim.tv_sec); P(stat, st_mtim.tv_nsec);
        P(stat, st_ctim.tv_sec); P(stat, st_ctim.tv_nsec);
        printf("%zu ", sizeof(struct timespec)); P(timespec, tv_sec); P(timespec, tv_nsec);
        P(statvfs, f_bsize); P(statvfs, f_frsize); P(statvfs, f_blocks); P(statvfs, f_bfree);
        P(statvfs, f_bavail); P(statvfs, f_files); P(statvfs, f_ffree); P(statvfs, f_favail);
        P(statvfs, f_namemax);
        P(fuse_file_info, flags); P(fuse_file_info, fh);
        printf("%zu ", offsetof(struct fuse_file_info, writepage) + sizeof(int));
        printf("%d ", *(int *) ((char *) &fi + offsetof(struct fuse_file_info, writepage)
            + sizeof(int)));
        P(fuse_context, uid); P(fuse_context, gid); P(fuse_context, pid); P(fuse_context, umask);
        return 0;
      }
      """;

  @TempDir(factory = TargetDirectories.class)
  Path directory;

  @Test
  void offsetsAreThoseOfTheCompiler() throws IOException, InterruptedException {
    Path compiler = Path.of("/usr/bin/gcc");
    assumeTrue(Files.isExecutable(compiler), "no gcc to compare with");
    Path source = Files.writeString(directory.resolve("layout.c"), PROGRAM);
    Path program = directory.resolve("layout");
    run(compiler.toString(), "-o", program.toString(), source.toString());

    String[] answer = run(program.toString()).strip().split(" ", -1);

    assertThat(answer).containsExactly(expected());
  }

  private static String[] expected() {
    long[] values = {
      StatAt.SIZE,
      StatAt.INO,
      StatAt.MODE,
      StatAt.NLINK,
      StatAt.UID,
      StatAt.GID,
      StatAt.RDEV,
      StatAt.LENGTH,
      StatAt.BLKSIZE,
      StatAt.BLOCKS,
      StatAt.ATIME,
      StatAt.ATIME_NSEC,
      StatAt.MTIME,
      StatAt.MTIME_NSEC,
      StatAt.CTIME,
      StatAt.CTIME_NSEC,
      TimespecAt.SIZE,
      TimespecAt.SEC,
      TimespecAt.NSEC,
      StatvfsAt.BSIZE,
      StatvfsAt.FRSIZE,
      StatvfsAt.BLOCKS,
      StatvfsAt.BFREE,
      StatvfsAt.BAVAIL,
      StatvfsAt.FILES,
      StatvfsAt.FFREE,
      StatvfsAt.FAVAIL,
      StatvfsAt.NAMEMAX,
      FileInfoAt.FLAGS,
      FileInfoAt.FH,
      FileInfoAt.BITS,
      FileInfoAt.KEEP_CACHE,
      ContextAt.UID,
      ContextAt.GID,
      ContextAt.PID,
      ContextAt.UMASK
    };
    return java.util.Arrays.stream(values).mapToObj(Long::toString).toArray(String[]::new);
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
