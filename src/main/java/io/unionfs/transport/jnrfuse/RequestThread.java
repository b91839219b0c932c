package io.unionfs.transport.jnrfuse;

import io.unionfs.core.Caller;
import io.unionfs.statistics.Lane;
import io.unionfs.statistics.Requests;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Stat;
import io.unionfs.transport.jnrfuse.Layouts.ContextAt;

/*
 * libfuse hides the request behind paths. Two things must be known all the same: whether a rename
 * was asked for by a program or is libfuse's own way to hide an open file (HiddenFiles), and the
 * node id the kernel knows a file by. Both stand in the request's header, struct fuse_in_header,
 * whose layout is the kernel's ABI:
 *
 *   0 u32 len, 4 u32 opcode, 8 u64 unique, 16 u64 nodeid, 24 u32 uid, 28 u32 gid, 32 u32 pid
 */

/** A thread that reads requests and serves them, with the memory of the request it serves. */
final class RequestThread extends Thread {
  static final int LOOKUP = 1;
  static final int FORGET = 2;
  static final int GETATTR = 3;
  static final int SETATTR = 4;
  static final int SYMLINK = 6;
  static final int MKNOD = 8;
  static final int MKDIR = 9;
  static final int UNLINK = 10;
  static final int RENAME = 12;
  static final int LINK = 13;
  static final int CREATE = 35;
  static final int BATCH_FORGET = 42;

  static final int HEADER_SIZE = 40;

  private final RequestLoop loop;
  private final Requests requests;
  private final Stat stat = new Stat();
  private long request;

  RequestThread(RequestLoop loop, Requests requests, String name) {
    super(null, null, name, 0, false);
    this.loop = loop;
    this.requests = requests;
    setDaemon(true);
  }

  @Override
  public void run() {
    try (NativeMemory memory = NativeMemory.allocate(Channel.BUFFER_SIZE);
        Lane lane = requests.enter()) {
      request = memory.address();
      loop.serve(this, lane);
    } finally {
      loop.left(this);
    }
  }

  /** The address of the request. */
  long request() {
    return request;
  }

  int opcode() {
    return NativeMemory.getInt(request + 4);
  }

  int pid() {
    return NativeMemory.getInt(request + 32);
  }

  long nodeId() {
    return NativeMemory.getLong(request + 16);
  }

  /** The opcode that this thread serves, or 0 if it is none of ours (at the end of a session). */
  static int currentOpcode() {
    return Thread.currentThread() instanceof RequestThread thread ? thread.opcode() : 0;
  }

  /** The kernel's number of the node that the request names, or 0. */
  static long currentNodeId() {
    return Thread.currentThread() instanceof RequestThread thread ? thread.nodeId() : 0;
  }

  /** The request's number in the kernel, or 0. */
  static long currentUnique() {
    return Thread.currentThread() instanceof RequestThread thread
        ? NativeMemory.getLong(thread.request + 8)
        : 0;
  }

  /** The node whose name the LINK request that this thread serves is to share, or 0. */
  static long currentLinkSource() {
    return Thread.currentThread() instanceof RequestThread thread
        ? NativeMemory.getLong(thread.request + HEADER_SIZE) // struct fuse_link_in is one u64
        : 0;
  }

  /** Whether the RENAME request that this thread serves has that new name. */
  static boolean isRenameTarget(Name name) {
    if (!(Thread.currentThread() instanceof RequestThread thread)) {
      return false;
    }
    // struct fuse_rename_in is one u64; then come both names, each with its NUL.
    long oldName = thread.request + HEADER_SIZE + Long.BYTES;
    return name.equals(NameOperations.name(oldName + NameOperations.text(oldName).length + 1));
  }

  /** A {@link Stat} for the duration of one callback. */
  static Stat scratchStat() {
    return Thread.currentThread() instanceof RequestThread thread ? thread.stat : new Stat();
  }

  /** Who asked. */
  static Caller caller(LibFuse2 library) {
    long context = library.context();
    return new Caller(
        NativeMemory.getInt(context + ContextAt.UID),
        NativeMemory.getInt(context + ContextAt.GID),
        NativeMemory.getInt(context + ContextAt.UMASK),
        NativeMemory.getInt(context + ContextAt.PID));
  }
}
