package io.unionfs.transport.kernel;

import io.unionfs.core.UnionFileSystem;
import io.unionfs.statistics.Writers;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FuseDevice;
import io.unionfs.transport.HostErrors;
import io.unionfs.transport.kernel.codec.Opcode;
import io.unionfs.transport.kernel.codec.Request;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** From requests to what serves them, and from results and errors to replies: one flat table. */
final class Dispatch {
  private static final Logger LOG = LoggerFactory.getLogger(Dispatch.class);

  private static final int NANOS_PER_MICRO = 1000;

  /** The result of a handler whose request gets no reply, or was answered by it already. */
  static final int NO_REPLY = -1;

  private final FuseDevice device;
  private final Writers writers;
  private final NameRequests names;
  private final AttrRequests attrs;
  private final FileRequests files;
  private final DirRequests dirs;
  private final XattrRequests xattrs;
  private final MountRequests mount;
  private final boolean trace = LOG.isTraceEnabled();

  Dispatch(UnionFileSystem fs, ServerState server) {
    this.device = server.device();
    this.writers = server.writers();
    this.names = new NameRequests(fs, server);
    this.attrs = new AttrRequests(fs, server);
    this.files = new FileRequests(fs, server);
    this.dirs = new DirRequests(fs, server);
    this.xattrs = new XattrRequests(fs, server);
    this.mount = new MountRequests(fs, server);
  }

  /** Whether a request never waits for anything, so that it may be served by the last reader. */
  static boolean isQuick(Request request) {
    if (!request.hasHeader()) {
      return true;
    }
    int opcode = request.opcode();
    return opcode == Opcode.FORGET || opcode == Opcode.BATCH_FORGET || opcode == Opcode.INTERRUPT;
  }

  /** Serves the request that the worker's view was pointed at. */
  void serve(Worker worker) {
    Request request = worker.request;
    if (!request.hasHeader()) {
      LOG.warn("{} bytes from the kernel are no request", request.length());
      return;
    }
    long start = trace ? System.nanoTime() : 0;
    int opcode = request.opcode();
    long begun = worker.lane.begin(opcode, request.pid());
    if (opcode == Opcode.WRITE && request.pid() == 0) {
      writers.recall(request.nodeId(), worker.lane);
    }
    worker.reply.start(request.behind(), request.unique());
    int errno = request.check();
    if (errno == 0) {
      errno = handle(worker);
    }
    if (errno != NO_REPLY && !Opcode.isOneWay(opcode)) {
      send(worker, errno);
    }
    worker.lane.end(opcode, begun);
    if (trace) {
      trace(request, errno, start);
    }
  }

  private int handle(Worker worker) {
    worker.begin();
    try {
      return route(worker);
    } catch (ErrnoException e) {
      return HostErrors.shown(e.errno());
    } catch (Throwable e) { // whatever it is, it must not take the mount down
      return failed(worker.request, e);
    } finally {
      worker.end();
    }
  }

  private static int failed(Request request, Throwable e) {
    try {
      LOG.error(
          "{} of node {} failed with EIO", Opcode.name(request.opcode()), request.nodeId(), e);
    } catch (Throwable again) {
      // no memory or stack for a line of log: the caller still gets its answer
      return Errno.EIO;
    }
    return Errno.EIO;
  }

  private void send(Worker worker, int errno) {
    worker.reply.finish(errno);
    int refused = device.write(worker.reply.address(), worker.reply.length());
    switch (refused) {
      case 0, Errno.ENOENT, Errno.ENODEV -> {
        // sent; or nobody waits for it any more
      }
      default ->
          LOG.warn(
              "the reply to {} was refused: {}",
              Opcode.name(worker.request.opcode()),
              Errno.message(refused));
    }
  }

  private static void trace(Request request, int errno, long start) {
    LOG.trace(
        "{} unique={} node={} {} {} us",
        Opcode.name(request.opcode()),
        request.unique(),
        request.nodeId(),
        errno <= 0 ? "OK" : Errno.name(errno),
        (System.nanoTime() - start) / NANOS_PER_MICRO);
  }

  private int route(Worker worker) throws ErrnoException {
    return switch (worker.request.opcode()) {
      case Opcode.LOOKUP -> names.lookup(worker);
      case Opcode.GETATTR -> attrs.getattr(worker);
      case Opcode.READDIRPLUS -> dirs.readdirplus(worker);
      case Opcode.READDIR -> dirs.readdir(worker);
      case Opcode.READ -> files.read(worker);
      case Opcode.WRITE -> files.write(worker);
      case Opcode.GETXATTR -> xattrs.getxattr(worker);
      case Opcode.LISTXATTR -> xattrs.listxattr(worker);
      case Opcode.FORGET -> names.forget(worker);
      case Opcode.BATCH_FORGET -> names.batchForget(worker);
      case Opcode.SETATTR -> attrs.setattr(worker);
      case Opcode.STATX -> attrs.statx(worker);
      case Opcode.READLINK -> names.readlink(worker);
      case Opcode.SYMLINK -> names.symlink(worker);
      case Opcode.MKNOD -> names.mknod(worker);
      case Opcode.MKDIR -> names.mkdir(worker);
      case Opcode.UNLINK -> names.unlink(worker);
      case Opcode.RMDIR -> names.rmdir(worker);
      case Opcode.RENAME -> names.rename(worker);
      case Opcode.RENAME2 -> names.rename2(worker);
      case Opcode.LINK -> names.link(worker);
      case Opcode.CREATE -> files.create(worker);
      case Opcode.TMPFILE -> files.tmpfile(worker);
      case Opcode.OPEN -> files.open(worker);
      case Opcode.RELEASE -> files.release(worker);
      case Opcode.FLUSH -> files.flush(worker);
      case Opcode.FSYNC -> files.fsync(worker);
      case Opcode.FALLOCATE -> files.fallocate(worker);
      case Opcode.LSEEK -> files.lseek(worker);
      case Opcode.COPY_FILE_RANGE, Opcode.COPY_FILE_RANGE_64 -> files.copyFileRange(worker);
      case Opcode.OPENDIR -> dirs.opendir(worker);
      case Opcode.RELEASEDIR -> 0;
      case Opcode.FSYNCDIR -> dirs.fsyncdir(worker);
      case Opcode.SETXATTR -> xattrs.setxattr(worker);
      case Opcode.REMOVEXATTR -> xattrs.removexattr(worker);
      case Opcode.IOCTL -> xattrs.ioctl(worker);
      case Opcode.STATFS -> mount.statfs(worker);
      case Opcode.SYNCFS -> mount.syncfs(worker);
      case Opcode.INTERRUPT -> mount.interrupt(worker);
      case Opcode.DESTROY -> 0;
      default -> Errno.ENOSYS; // the kernel then does it by itself, or not at all
    };
  }
}
