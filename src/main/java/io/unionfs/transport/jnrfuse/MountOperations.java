package io.unionfs.transport.jnrfuse;

import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.StatFs;
import io.unionfs.transport.jnrfuse.Layouts.ConnectionAt;
import io.unionfs.transport.jnrfuse.Layouts.StatvfsAt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The operations of libfuse on a mount as a whole. */
final class MountOperations {
  private static final Logger LOG = LoggerFactory.getLogger(MountOperations.class);

  private final UnionFileSystem fs;

  MountOperations(UnionFileSystem fs) {
    this.fs = fs;
  }

  /**
   * Settles what the kernel does: it leaves the umask to us (a default ACL replaces it), and
   * truncates by a request of its own on {@code O_TRUNC}.
   */
  int init(long connection) {
    int capable = NativeMemory.getInt(connection + ConnectionAt.CAPABLE);
    int wanted =
        ConnectionAt.CAP_ASYNC_READ | ConnectionAt.CAP_BIG_WRITES | ConnectionAt.CAP_DONT_MASK;
    int want = NativeMemory.getInt(connection + ConnectionAt.WANT);
    NativeMemory.putInt(connection + ConnectionAt.WANT, want | (wanted & capable));
    LOG.debug("FUSE protocol 7.{}", NativeMemory.getInt(connection + ConnectionAt.PROTO_MINOR));
    return 0;
  }

  int statfs(long to) throws ErrnoException {
    StatFs statfs = new StatFs();
    fs.statfs(statfs);
    NativeMemory.putLong(to + StatvfsAt.BSIZE, statfs.bsize);
    NativeMemory.putLong(to + StatvfsAt.FRSIZE, statfs.frsize);
    NativeMemory.putLong(to + StatvfsAt.BLOCKS, statfs.blocks);
    NativeMemory.putLong(to + StatvfsAt.BFREE, statfs.bfree);
    NativeMemory.putLong(to + StatvfsAt.BAVAIL, statfs.bavail);
    NativeMemory.putLong(to + StatvfsAt.FILES, statfs.files);
    NativeMemory.putLong(to + StatvfsAt.FFREE, statfs.ffree);
    NativeMemory.putLong(to + StatvfsAt.FAVAIL, statfs.ffree);
    NativeMemory.putLong(to + StatvfsAt.NAMEMAX, statfs.namelen);
    return 0;
  }
}
