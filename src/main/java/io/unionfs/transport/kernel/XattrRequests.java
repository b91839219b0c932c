package io.unionfs.transport.kernel;

import io.unionfs.core.FileNode;
import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.statistics.Writers;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.transport.AclNarrowing;
import io.unionfs.transport.kernel.codec.In;
import io.unionfs.transport.kernel.codec.Request;
import org.jspecify.annotations.Nullable;

/** The requests about extended attributes and file flags. All return 0 or an errno, or throw it. */
final class XattrRequests {
  private static final int FS_IOC_GETFLAGS = 0x80086601;
  private static final int FS_IOC_SETFLAGS = 0x40086602;
  private static final int FS_IOC32_GETFLAGS = 0x80046601;
  private static final int FS_IOC32_SETFLAGS = 0x40046602;
  private static final int FS_IOC_FSGETXATTR = 0x801c581f;
  private static final int FS_IOC_FSSETXATTR = 0x401c5820;
  private static final int FSXATTR_SIZE = 28;

  private final UnionFileSystem fs;
  private static final Name CAPABILITY = Name.of("security.capability");

  private final Writers writers;
  private final NodeTable nodes;
  private final AclNarrowing narrowing;
  private final boolean supported;
  private final boolean longSetxattr;
  private final Notices notices;

  XattrRequests(UnionFileSystem fs, ServerState server) {
    this.fs = fs;
    this.nodes = server.nodes();
    this.writers = server.writers();
    this.narrowing = server.narrowing();
    this.supported = fs.options().xattrs();
    this.longSetxattr = server.agreed().hasLongSetxattr();
    this.notices = server.notices();
  }

  int getxattr(Worker worker) throws ErrnoException {
    if (!supported) {
      return Errno.ENOSYS; // the kernel does not ask again
    }
    Node node = nodes.get(worker.request.nodeId());
    Name name = worker.name(0);
    if (node instanceof FileNode file && !file.copiedUp() && name.equals(CAPABILITY)) {
      writers.note(worker.request.nodeId(), worker.request.pid());
    }
    byte @Nullable [] value = fs.getxattr(node, name);
    return value == null ? Errno.ENODATA : answer(worker, value);
  }

  int listxattr(Worker worker) throws ErrnoException {
    if (!supported) {
      return Errno.ENOSYS;
    }
    Node node = nodes.get(worker.request.nodeId());
    return answer(worker, fs.listxattr(node, worker.caller(0)));
  }

  private static int answer(Worker worker, byte[] value) {
    long size = worker.request.u32(In.GETXATTR_LENGTH) & 0xffffffffL;
    if (size == 0) {
      worker.reply.size(value.length);
      return 0;
    }
    if (value.length > size) {
      return Errno.ERANGE;
    }
    if (value.length > worker.room()) {
      return Errno.E2BIG;
    }
    worker.reply.bytes(value);
    return 0;
  }

  int setxattr(Worker worker) throws ErrnoException {
    if (!supported) {
      return Errno.ENOSYS;
    }
    Request request = worker.request;
    Node node = nodes.get(request.nodeId());
    Name name = worker.name(0);
    byte[] value = new byte[request.u32(In.SETXATTR_LENGTH)];
    NativeMemory.getBytes(request.payload(), value, 0, value.length);
    boolean killSgid =
        longSetxattr && (request.u32(In.SETXATTR_EXT_FLAGS) & In.SETXATTR_ACL_KILL_SGID) != 0;
    boolean shows = narrowing.changing(node, name);
    try {
      fs.setxattr(node, name, value, request.u32(In.SETXATTR_FLAGS), killSgid, worker.caller(0));
    } finally {
      if (shows) {
        narrowing.forget(node);
      }
    }
    return 0;
  }

  int removexattr(Worker worker) throws ErrnoException {
    if (!supported) {
      return Errno.ENOSYS;
    }
    Node node = nodes.get(worker.request.nodeId());
    Name name = worker.name(0);
    boolean shows = narrowing.changing(node, name);
    try {
      fs.removexattr(node, name, worker.caller(0));
    } finally {
      if (shows) {
        narrowing.forget(node);
      }
    }
    return 0;
  }

  int ioctl(Worker worker) throws ErrnoException {
    Request request = worker.request;
    Node node = nodes.get(request.nodeId());
    int inLength = request.u32(In.IOCTL_IN_LENGTH);
    int outLength = request.u32(In.IOCTL_OUT_LENGTH);
    long argument = request.payload();
    switch (request.u32(In.IOCTL_CMD)) {
      case FS_IOC_GETFLAGS, FS_IOC32_GETFLAGS -> {
        if (outLength < Integer.BYTES) {
          return Errno.EINVAL;
        }
        int flags = fs.getFlags(node);
        worker.reply.ioctl();
        worker.reply.u32(flags);
      }
      case FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS -> {
        if (inLength < Integer.BYTES) {
          return Errno.EINVAL;
        }
        fs.setFlags(node, NativeMemory.getInt(argument));
        notices.attributesChanged(request.nodeId()); // the time of change; the kernel does not ask
        worker.reply.ioctl();
      }
      case FS_IOC_FSGETXATTR -> {
        if (outLength < FSXATTR_SIZE) {
          return Errno.EINVAL;
        }
        byte[] flags = fs.getFsxattr(node);
        worker.reply.ioctl();
        worker.reply.bytes(flags);
      }
      case FS_IOC_FSSETXATTR -> {
        if (inLength < FSXATTR_SIZE) {
          return Errno.EINVAL;
        }
        byte[] flags = new byte[FSXATTR_SIZE];
        NativeMemory.getBytes(argument, flags, 0, FSXATTR_SIZE);
        fs.setFsxattr(node, flags);
        notices.attributesChanged(request.nodeId());
        worker.reply.ioctl();
      }
      default -> {
        return Errno.ENOTTY;
      }
    }
    return 0;
  }
}
