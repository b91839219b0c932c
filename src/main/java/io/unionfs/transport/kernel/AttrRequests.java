package io.unionfs.transport.kernel;

import io.unionfs.core.FileNode;
import io.unionfs.core.Node;
import io.unionfs.core.SetAttr;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.transport.AclNarrowing;
import io.unionfs.transport.kernel.codec.In;
import io.unionfs.transport.kernel.codec.Request;

/** The requests about attributes. All return 0, or throw an errno. */
final class AttrRequests {
  private static final int WRITABLE_BY_OTHERS = 0022;

  private final UnionFileSystem fs;
  private final NodeTable nodes;
  private final Entries entries;
  private final AclNarrowing narrowing;
  private final KeptTimes keptTimes;
  private final boolean writeback;

  AttrRequests(UnionFileSystem fs, ServerState server) {
    this.fs = fs;
    this.nodes = server.nodes();
    this.entries = server.entries();
    this.narrowing = server.narrowing();
    this.keptTimes = server.keptTimes();
    this.writeback = server.agreed().writeback();
  }

  int getattr(Worker worker) throws ErrnoException {
    Node node = nodes.get(worker.request.nodeId());
    entries.getattr(node, worker.stat);
    worker.reply.attr(entries.timeouts(node), worker.stat);
    return 0;
  }

  int statx(Worker worker) throws ErrnoException {
    Node node = nodes.get(worker.request.nodeId());
    entries.getattr(node, worker.stat);
    worker.reply.statx(entries.timeouts(node), worker.stat);
    return 0;
  }

  int setattr(Worker worker) throws ErrnoException {
    Request request = worker.request;
    Node node = nodes.get(request.nodeId());
    SetAttr change = change(request);
    if (setsNothing(request) && !takePrivileges(worker, node, change)) {
      worker.reply.attr(entries.timeouts(node), worker.stat);
      return 0;
    }
    if (change.has(SetAttr.MODE)) {
      change.mode = narrowing.widen(node, change.mode);
    }
    if (!isDone(worker, node, change)) {
      set(worker, node, change);
      entries.getattr(node, worker.stat);
    }
    worker.reply.attr(entries.timeouts(node), worker.stat);
    return 0;
  }

  private void set(Worker worker, Node node, SetAttr change) throws ErrnoException {
    if (!(node instanceof FileNode file)) {
      fs.setattr(node, change, worker.caller(0));
      return;
    }
    keptTimes.note(file, change);
    boolean done = false;
    try {
      fs.setattr(file, change, worker.caller(0));
      done = true;
    } finally {
      if (!done) {
        keptTimes.drop(file); // a time that was refused is not to be put back after a write
      }
    }
  }

  /*
   * With the write-back cache the kernel keeps the ctime as well, and hands it on together with an mtime
   * that has not changed, for example before it forgets a file that was unlinked. A lower file need not
   * be copied up for that.
   */
  private boolean isDone(Worker worker, Node node, SetAttr change) throws ErrnoException {
    if (change.valid != SetAttr.MTIME || !writeback || change.mtimeNsec == Linux.UTIME_NOW) {
      return false;
    }
    if (node instanceof FileNode file && keptTimes.isNew(file, change)) {
      return false;
    }
    entries.getattr(node, worker.stat);
    return worker.stat.mtime == change.mtime && worker.stat.mtimeNsec == change.mtimeNsec;
  }

  private SetAttr change(Request request) {
    int valid = request.u32(In.SETATTR_VALID);
    SetAttr change = new SetAttr();
    change.valid =
        field(valid, In.FATTR_MODE, SetAttr.MODE)
            | field(valid, In.FATTR_UID, SetAttr.UID)
            | field(valid, In.FATTR_GID, SetAttr.GID)
            | field(valid, In.FATTR_SIZE, SetAttr.SIZE)
            | field(valid, In.FATTR_ATIME, SetAttr.ATIME)
            | field(valid, In.FATTR_MTIME, SetAttr.MTIME);
    change.mode = request.u32(In.SETATTR_MODE) & 07777;
    change.uid = request.u32(In.SETATTR_UID);
    change.gid = request.u32(In.SETATTR_GID);
    change.size = request.u64(In.SETATTR_SIZE_FIELD);
    change.atime = request.u64(In.SETATTR_ATIME);
    change.mtime = request.u64(In.SETATTR_MTIME);
    change.atimeNsec =
        (valid & In.FATTR_ATIME_NOW) != 0 ? Linux.UTIME_NOW : request.u32(In.SETATTR_ATIME_NSEC);
    change.mtimeNsec =
        (valid & In.FATTR_MTIME_NOW) != 0 ? Linux.UTIME_NOW : request.u32(In.SETATTR_MTIME_NSEC);
    boolean setsAtime = change.has(SetAttr.ATIME) && change.atimeNsec != Linux.UTIME_NOW;
    change.afterWrite = writeback && !setsAtime; // the kernel names its own time, also for "now"
    change.killPrivileges = (valid & In.FATTR_KILL_SUIDGID) != 0;
    return change;
  }

  private static boolean setsNothing(Request request) {
    int valid = request.u32(In.SETATTR_VALID);
    return (valid & ~(In.FATTR_CTIME | In.FATTR_FH)) == 0;
  }

  /*
   * A request without anything to set is how the kernel tells of a chown(2) that leaves owner and group as
   * they are, which anybody may make, or of a change of content by a caller without CAP_FSETID, who may have
   * been handed the descriptor. Both take set-id bits and capabilities away, which it leaves to us
   * (HANDLE_KILLPRIV_V2), and which the same chown(2) does. With write-back only the first has a time of
   * change; without it they look the same, and the WRITE that follows says again what is to go. Whoever
   * can be neither the owner nor a writer gets what setattr_prepare() (fs/attr.c) says where the bits are
   * a change of mode, and changes nothing.
   */
  private boolean takePrivileges(Worker worker, Node node, SetAttr change) throws ErrnoException {
    entries.getattr(node, worker.stat);
    boolean regular = worker.stat.isRegular();
    boolean chown = (worker.request.u32(In.SETATTR_VALID) & In.FATTR_CTIME) != 0;
    boolean content = regular && writeback && !chown;
    int mode = worker.stat.mode;
    int caller = worker.request.uid();
    boolean stranger = caller != 0 && caller != worker.stat.uid;
    if (stranger && !content && !(regular && (mode & WRITABLE_BY_OTHERS) != 0)) {
      if (chown && regular && (mode & (Linux.S_ISUID | Linux.S_ISGID)) != 0) {
        throw ErrnoException.of(Errno.EPERM);
      }
      return false;
    }
    change.valid = SetAttr.UID | SetAttr.GID;
    change.uid = -1;
    change.gid = -1;
    return true;
  }

  private static int field(int valid, int fuse, int ours) {
    return (valid & fuse) != 0 ? ours : 0;
  }
}
