package io.unionfs.transport.kernel;

import io.unionfs.core.Caller;
import io.unionfs.core.DirNode;
import io.unionfs.core.FileNode;
import io.unionfs.core.Node;
import io.unionfs.core.SetAttr;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.transport.AclNarrowing;
import io.unionfs.transport.kernel.codec.In;
import io.unionfs.transport.kernel.codec.Opcode;
import io.unionfs.transport.kernel.codec.Request;

/** The requests about files and their data. All return 0 or an errno, or throw it. */
final class FileRequests {
  /** What fits the four bytes of {@code fuse_write_out}, in whole pages. */
  private static final long MOST_COPIED = 0x7ffff000L;

  private final UnionFileSystem fs;
  private final NodeTable nodes;
  private final Entries entries;
  private final Opens opens;
  private final KeptTimes keptTimes;
  private final AclNarrowing narrowing;
  private final SecurityContexts contexts;
  private final Notices notices;
  private final Parking parking;
  private final Negotiation agreed;

  FileRequests(UnionFileSystem fs, ServerState server) {
    this.fs = fs;
    this.nodes = server.nodes();
    this.entries = server.entries();
    this.opens = server.opens();
    this.keptTimes = server.keptTimes();
    this.narrowing = server.narrowing();
    this.contexts = new SecurityContexts(fs, server.agreed());
    this.notices = server.notices();
    this.parking = server.parking();
    this.agreed = server.agreed();
  }

  private FileNode file(long nodeId) throws ErrnoException {
    if (nodes.get(nodeId) instanceof FileNode file) {
      return file;
    }
    throw ErrnoException.of(Errno.EISDIR);
  }

  private FileNode file(Worker worker) throws ErrnoException {
    return file(worker.request.nodeId());
  }

  int create(Worker worker) throws ErrnoException {
    Request request = worker.request;
    DirNode parent = nodes.directory(request.nodeId());
    Caller caller = worker.caller(request.u32(In.CREATE_UMASK));
    Name name = worker.name(0);
    int flags = request.u32(In.CREATE_FLAGS);
    FileNode made;
    try {
      int mode = request.u32(In.CREATE_MODE) & 07777;
      made = fs.create(parent, name, mode, caller, worker.stat);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EEXIST || (flags & Linux.O_EXCL) != 0) {
        throw e;
      }
      return openExisting(worker, parent, name, flags); // made behind the mount just now
    }
    contexts.apply(worker, made);
    entries.complete(made, worker.stat);
    keptTimes.made(made, worker.stat);
    return opened(worker, made, flags);
  }

  private int openExisting(Worker worker, DirNode parent, Name name, int flags)
      throws ErrnoException {
    Node found = fs.lookup(parent, name, worker.stat);
    if (!(found instanceof FileNode file) || !file.isRegular()) {
      return Errno.ESTALE; // the kernel looks again
    }
    fs.open(file, flags);
    if ((flags & Linux.O_TRUNC) != 0) {
      SetAttr change = new SetAttr();
      change.valid = SetAttr.SIZE;
      fs.setattr(file, change, worker.caller(0));
    }
    narrowing.forget(file);
    entries.getattr(file, worker.stat);
    return opened(worker, file, flags);
  }

  private int opened(Worker worker, FileNode file, int flags) {
    entries.putOpened(worker.reply, file, worker.stat);
    if (agreed.noOpen()) {
      worker.reply.open(0, 0, 0);
    } else {
      opens.open(worker.reply, file, writes(flags));
    }
    return 0;
  }

  private static boolean writes(int openFlags) {
    return (openFlags & Linux.O_ACCMODE) != Linux.O_RDONLY;
  }

  int tmpfile(Worker worker) throws ErrnoException {
    Request request = worker.request;
    DirNode parent = nodes.directory(request.nodeId());
    Caller caller = worker.caller(request.u32(In.CREATE_UMASK));
    FileNode made = fs.tmpfile(parent, request.u32(In.CREATE_MODE) & 07777, caller);
    try {
      contexts.apply(worker, made);
      fs.getattr(made, worker.stat);
      entries.complete(made, worker.stat);
      return opened(worker, made, request.u32(In.CREATE_FLAGS));
    } finally {
      fs.release(made, 1); // the kernel's lookup holds it from here on
    }
  }

  int open(Worker worker) throws ErrnoException {
    if (agreed.noOpen()) {
      return Errno.ENOSYS;
    }
    FileNode file = file(worker);
    int flags = worker.request.u32(In.OPEN_FLAGS);
    fs.open(file, flags);
    if (opens.open(worker.reply, file, writes(flags))) {
      notices.attributesChanged(worker.request.nodeId());
    }
    return 0;
  }

  int release(Worker worker) {
    if (opens.release(worker.request.u64(In.RELEASE_FH))) {
      notices.attributesChanged(worker.request.nodeId());
    }
    return 0;
  }

  int flush(Worker worker) {
    return agreed.noFlush() ? Errno.ENOSYS : 0;
  }

  int read(Worker worker) throws ErrnoException {
    Request request = worker.request;
    long length = request.u32(In.IO_LENGTH) & 0xffffffffL;
    if (length > worker.room()) {
      return Errno.EINVAL;
    }
    FileNode file = file(worker);
    int read = fs.read(file, worker.reply.end(), (int) length, request.u64(In.IO_OFFSET));
    worker.reply.advance(read);
    return 0;
  }

  int write(Worker worker) throws ErrnoException {
    Request request = worker.request;
    FileNode file = file(worker);
    int flags = request.u32(In.IO_FLAGS);
    boolean cached = (flags & In.WRITE_CACHE) != 0;
    if (cached && parking.takes(request, file)) {
      return Dispatch.NO_REPLY;
    }
    long address = request.payload();
    int length = request.u32(In.IO_LENGTH);
    long offset = request.u64(In.IO_OFFSET);
    if (cached) {
      CachedWrites.write(fs, keptTimes, file, address, length, offset);
      worker.reply.size(length);
    } else {
      if ((flags & In.WRITE_KILL_SUIDGID) != 0) {
        clearPrivileges(request.nodeId(), file);
      }
      keptTimes.beforeWrite(file);
      worker.reply.size(fs.write(file, address, length, offset));
      keptTimes.afterWrite(file);
    }
    return 0;
  }

  /* The kernel leaves it to us, and does not ask for the mode afterwards. */
  private void clearPrivileges(long nodeId, FileNode file) throws ErrnoException {
    if (fs.clearPrivileges(file)) {
      notices.attributesChanged(nodeId);
    }
  }

  /* Where the request does not say whether the caller has CAP_FSETID: root has. */
  private void clearPrivileges(Worker worker, long nodeId, FileNode file) throws ErrnoException {
    if (worker.caller(0).uid() != 0) {
      clearPrivileges(nodeId, file);
    }
  }

  int fsync(Worker worker) throws ErrnoException {
    boolean dataOnly = (worker.request.u32(In.FSYNC_FLAGS) & In.FSYNC_FDATASYNC) != 0;
    fs.fsync(nodes.get(worker.request.nodeId()), dataOnly);
    return 0;
  }

  int fallocate(Worker worker) throws ErrnoException {
    Request request = worker.request;
    FileNode file = file(worker);
    keptTimes.beforeWrite(file);
    clearPrivileges(worker, request.nodeId(), file);
    fs.fallocate(
        file,
        request.u32(In.FALLOCATE_MODE),
        request.u64(In.FALLOCATE_OFFSET),
        request.u64(In.FALLOCATE_LENGTH));
    keptTimes.afterWrite(file);
    return 0;
  }

  int lseek(Worker worker) throws ErrnoException {
    Request request = worker.request;
    FileNode file = file(worker);
    int whence = request.u32(In.LSEEK_WHENCE);
    if (whence != Linux.SEEK_DATA && whence != Linux.SEEK_HOLE) {
      return Errno.EINVAL;
    }
    if (!fs.readOnly() && !notices.writeBack(request.nodeId())) {
      return Errno.ENOSYS; // from here on the kernel says that files have no holes
    }
    worker.reply.u64(fs.lseek(file, request.u64(In.LSEEK_OFFSET), whence));
    return 0;
  }

  int copyFileRange(Worker worker) throws ErrnoException {
    Request request = worker.request;
    if (request.u64(In.COPY_FLAGS) != 0) {
      return Errno.EINVAL;
    }
    FileNode from = file(worker);
    FileNode to = file(request.u64(In.COPY_NODE_ID_OUT));
    long length = request.u64(In.COPY_LENGTH);
    if (length < 0 || length > MOST_COPIED) {
      length = MOST_COPIED;
    }
    keptTimes.beforeWrite(to);
    clearPrivileges(worker, request.u64(In.COPY_NODE_ID_OUT), to);
    long copied =
        fs.copyFileRange(
            from, request.u64(In.COPY_OFFSET_IN), to, request.u64(In.COPY_OFFSET_OUT), length);
    keptTimes.afterWrite(to);
    if (request.opcode() == Opcode.COPY_FILE_RANGE_64) {
      worker.reply.u64(copied);
    } else {
      worker.reply.size((int) copied);
    }
    return 0;
  }
}
