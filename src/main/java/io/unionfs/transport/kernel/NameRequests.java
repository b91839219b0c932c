package io.unionfs.transport.kernel;

import io.unionfs.core.Caller;
import io.unionfs.core.DirNode;
import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.transport.kernel.codec.In;
import io.unionfs.transport.kernel.codec.Request;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The requests about names in directories. All return 0 or an errno, or throw it. */
final class NameRequests {
  private static final Logger LOG = LoggerFactory.getLogger(NameRequests.class);

  private final boolean trace = LOG.isTraceEnabled();
  private final UnionFileSystem fs;
  private final NodeTable nodes;
  private final Entries entries;
  private final SecurityContexts contexts;

  NameRequests(UnionFileSystem fs, ServerState server) {
    this.fs = fs;
    this.nodes = server.nodes();
    this.entries = server.entries();
    this.contexts = new SecurityContexts(fs, server.agreed());
  }

  int lookup(Worker worker) throws ErrnoException {
    Name name = worker.name(0);
    if (name.equals(Name.DOT)) {
      return lookupSelf(worker);
    }
    DirNode parent = nodes.directory(worker.request.nodeId());
    if (name.equals(Name.DOTDOT)) {
      entries.put(worker, parent.parent());
      return 0;
    }
    Node node = entries.lookup(parent, name, worker.stat);
    if (node == null) {
      entries.putNegative(worker.reply);
    } else {
      entries.put(worker.reply, node, worker.stat);
    }
    return 0;
  }

  /* A file handle is opened: the kernel has its node id, and perhaps forgot what it means. */
  private int lookupSelf(Worker worker) throws ErrnoException {
    long id = worker.request.nodeId();
    Node node = nodes.find(id);
    if (node == null) {
      node = fs.findByIno(id);
    }
    if (node == null) {
      return Errno.ESTALE;
    }
    entries.put(worker, node);
    return 0;
  }

  int forget(Worker worker) {
    nodes.forget(worker.request.nodeId(), worker.request.u64(In.FORGET_NLOOKUP));
    logKnown();
    return Dispatch.NO_REPLY;
  }

  int batchForget(Worker worker) {
    Request request = worker.request;
    int count = request.u32(In.BATCH_COUNT);
    long at = request.payload();
    for (int i = 0; i < count; i++) {
      nodes.forget(NativeMemory.getLong(at), NativeMemory.getLong(at + In.BATCH_ITEM_NLOOKUP));
      at += In.BATCH_ITEM_SIZE;
    }
    logKnown();
    return Dispatch.NO_REPLY;
  }

  private void logKnown() {
    if (trace) {
      LOG.trace("nodes known to the kernel: {}", nodes.size());
    }
  }

  int readlink(Worker worker) throws ErrnoException {
    worker.reply.bytes(fs.readlink(nodes.get(worker.request.nodeId())));
    return 0;
  }

  int symlink(Worker worker) throws ErrnoException {
    DirNode parent = nodes.directory(worker.request.nodeId());
    byte[] target = worker.name(1).bytes();
    return made(worker, fs.symlink(parent, worker.name(0), target, worker.caller(0), worker.stat));
  }

  int mknod(Worker worker) throws ErrnoException {
    Request request = worker.request;
    DirNode parent = nodes.directory(request.nodeId());
    Caller caller = worker.caller(request.u32(In.MKNOD_UMASK));
    int mode = request.u32(In.MKNOD_MODE);
    long rdev = request.u32(In.MKNOD_RDEV) & 0xffffffffL;
    return made(worker, fs.mknod(parent, worker.name(0), mode, rdev, caller, worker.stat));
  }

  int mkdir(Worker worker) throws ErrnoException {
    Request request = worker.request;
    DirNode parent = nodes.directory(request.nodeId());
    Caller caller = worker.caller(request.u32(In.MKDIR_UMASK));
    int mode = request.u32(In.MKDIR_MODE) & 07777;
    return made(worker, fs.mkdir(parent, worker.name(0), mode, caller, worker.stat));
  }

  private int made(Worker worker, Node node) throws ErrnoException {
    contexts.apply(worker, node);
    entries.complete(node, worker.stat);
    entries.put(worker.reply, node, worker.stat);
    return 0;
  }

  int link(Worker worker) throws ErrnoException {
    Node node = nodes.get(worker.request.u64(In.LINK_OLD_NODE_ID));
    fs.link(node, nodes.directory(worker.request.nodeId()), worker.name(0));
    entries.put(worker, node);
    return 0;
  }

  int unlink(Worker worker) throws ErrnoException {
    fs.unlink(nodes.directory(worker.request.nodeId()), worker.name(0));
    return 0;
  }

  int rmdir(Worker worker) throws ErrnoException {
    fs.rmdir(nodes.directory(worker.request.nodeId()), worker.name(0));
    return 0;
  }

  int rename(Worker worker) throws ErrnoException {
    return rename(worker, 0);
  }

  int rename2(Worker worker) throws ErrnoException {
    int flags = worker.request.u32(In.RENAME2_FLAGS);
    if ((flags & ~(Linux.RENAME_NOREPLACE | Linux.RENAME_EXCHANGE)) != 0) {
      return Errno.EINVAL;
    }
    return rename(worker, flags);
  }

  private int rename(Worker worker, int flags) throws ErrnoException {
    DirNode from = nodes.directory(worker.request.nodeId());
    DirNode to = nodes.directory(worker.request.u64(In.RENAME_NEW_DIR));
    fs.rename(from, worker.name(0), to, worker.name(1), flags);
    return 0;
  }
}
