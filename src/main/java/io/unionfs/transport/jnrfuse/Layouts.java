package io.unionfs.transport.jnrfuse;

import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseContext;
import ru.serce.jnrfuse.struct.FuseFileInfo;
import ru.serce.jnrfuse.struct.Statvfs;
import ru.serce.jnrfuse.struct.Timespec;

/**
 * Where the structures that libfuse passes keep their members on this architecture, by jnr-fuse's
 * declarations. Offsets, because going through those objects would cost several allocations a
 * request.
 */
final class Layouts {
  private static final Runtime RUNTIME = Runtime.getSystemRuntime();
  private static final Pointer NOWHERE = Pointer.wrap(RUNTIME, 0L);

  private Layouts() {}

  /** {@code struct stat}. */
  static final class StatAt {
    private static final FileStat STRUCT = new FileStat(RUNTIME);
    static final int SIZE = Struct.size(STRUCT);
    static final long INO = STRUCT.st_ino.offset();
    static final long MODE = STRUCT.st_mode.offset();
    static final long NLINK = STRUCT.st_nlink.offset();
    static final long UID = STRUCT.st_uid.offset();
    static final long GID = STRUCT.st_gid.offset();
    static final long RDEV = STRUCT.st_rdev.offset();
    static final long LENGTH = STRUCT.st_size.offset();
    static final long BLKSIZE = STRUCT.st_blksize.offset();
    static final long BLOCKS = STRUCT.st_blocks.offset();
    static final long ATIME = STRUCT.st_atim.tv_sec.offset();
    static final long ATIME_NSEC = STRUCT.st_atim.tv_nsec.offset();
    static final long MTIME = STRUCT.st_mtim.tv_sec.offset();
    static final long MTIME_NSEC = STRUCT.st_mtim.tv_nsec.offset();
    static final long CTIME = STRUCT.st_ctim.tv_sec.offset();
    static final long CTIME_NSEC = STRUCT.st_ctim.tv_nsec.offset();

    private StatAt() {}
  }

  /** {@code struct timespec}. */
  static final class TimespecAt {
    private static final Timespec STRUCT = Timespec.of(NOWHERE);
    static final int SIZE = Struct.size(STRUCT);
    static final long SEC = STRUCT.tv_sec.offset();
    static final long NSEC = STRUCT.tv_nsec.offset();

    private TimespecAt() {}
  }

  /** {@code struct statvfs}. */
  static final class StatvfsAt {
    private static final Statvfs STRUCT = Statvfs.of(NOWHERE);
    static final long BSIZE = STRUCT.f_bsize.offset();
    static final long FRSIZE = STRUCT.f_frsize.offset();
    static final long BLOCKS = STRUCT.f_blocks.offset();
    static final long BFREE = STRUCT.f_bfree.offset();
    static final long BAVAIL = STRUCT.f_bavail.offset();
    static final long FILES = STRUCT.f_files.offset();
    static final long FFREE = STRUCT.f_ffree.offset();
    static final long FAVAIL = STRUCT.f_favail.offset();
    static final long NAMEMAX = STRUCT.f_namemax.offset();

    private StatvfsAt() {}
  }

  /** {@code struct fuse_file_info}. */
  static final class FileInfoAt {
    private static final FuseFileInfo STRUCT = FuseFileInfo.of(NOWHERE);
    static final long FLAGS = STRUCT.flags.offset();
    static final long FH = STRUCT.fh.offset();

    /**
     * The word of bit fields. jnr-fuse declares a byte for each bit and leaves out the int before
     * it, so its own members are of no use; the word is the last one before {@code fh}.
     */
    static final long BITS = FH - 4;

    static final int KEEP_CACHE = 2;

    private FileInfoAt() {}
  }

  /** {@code struct fuse_context}. */
  static final class ContextAt {
    private static final FuseContext STRUCT = new FuseContext(RUNTIME);
    static final long UID = STRUCT.uid.offset();
    static final long GID = STRUCT.gid.offset();
    static final long PID = STRUCT.pid.offset();
    static final long UMASK = STRUCT.umask.offset();

    private ContextAt() {}
  }

  /** {@code struct fuse_conn_info}, which jnr-fuse does not declare: unsigned ints. */
  static final class ConnectionAt {
    static final long PROTO_MINOR = 4;
    static final long CAPABLE = 20;
    static final long WANT = 24;
    static final int CAP_ASYNC_READ = 1;
    static final int CAP_BIG_WRITES = 1 << 5;
    static final int CAP_DONT_MASK = 1 << 6;

    private ConnectionAt() {}
  }
}
