package io.unionfs.transport.kernel;

import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.StatFs;
import io.unionfs.transport.kernel.codec.In;

/** The requests about the mount as a whole, and about other requests. */
final class MountRequests {
  private final UnionFileSystem fs;
  private final Interrupts interrupts;

  MountRequests(UnionFileSystem fs, ServerState server) {
    this.fs = fs;
    this.interrupts = server.interrupts();
  }

  int statfs(Worker worker) throws ErrnoException {
    StatFs answer = new StatFs();
    fs.statfs(answer);
    worker.reply.statfs(answer);
    return 0;
  }

  int syncfs(Worker worker) throws ErrnoException {
    fs.syncfs();
    return 0;
  }

  /*
   * A request that nobody serves was either read by a thread that has not begun with it, and then
   * the kernel is to say it again, or is done, and then the kernel knows that and does nothing.
   */
  int interrupt(Worker worker) {
    return interrupts.interrupt(worker.request.u64(In.INTERRUPT_UNIQUE))
        ? Dispatch.NO_REPLY
        : Errno.EAGAIN;
  }
}
