package io.unionfs.transport.jnrfuse;

import static io.unionfs.transport.jnrfuse.RequestThread.caller;

import io.unionfs.core.Caller;
import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Stat;
import io.unionfs.transport.AclNarrowing;

/** The operations of libfuse on extended attributes. */
final class XattrOperations {
  private final UnionFileSystem fs;
  private final LibFuse2 library;
  private final Paths paths;
  private final AclNarrowing acl;
  private final Invalidation invalidation;

  XattrOperations(MountContext context) {
    fs = context.fs();
    library = context.library();
    paths = context.paths();
    acl = context.acl();
    invalidation = context.invalidation();
  }

  int setxattr(long path, long name, long value, long size, int flags) throws ErrnoException {
    Node node = paths.node(path);
    Name xattr = NameOperations.name(name);
    byte[] bytes = new byte[(int) size];
    NativeMemory.getBytes(value, bytes, 0, bytes.length);
    acl.changing(node, xattr);
    try {
      Caller caller = caller(library);
      fs.setxattr(node, xattr, bytes, flags, takesSetgid(node, xattr, caller), caller);
    } finally {
      changed(node, xattr);
    }
    return 0;
  }

  /* As posix_acl_update_mode() does, where the kernel knows of ACLs. */
  private boolean takesSetgid(Node node, Name xattr, Caller caller) throws ErrnoException {
    if (!xattr.equals(AclNarrowing.ACCESS) || caller.uid() == 0) {
      return false;
    }
    Stat stat = new Stat();
    fs.getattr(node, stat);
    return (stat.mode & Linux.S_ISGID) != 0
        && stat.gid != caller.gid()
        && !fs.proc().isInGroup(caller.pid(), stat.gid);
  }

  /** Returns the value's length; with a size of 0 that is all that is asked for. */
  int getxattr(long path, long name, long buffer, long size) throws ErrnoException {
    byte[] value = fs.getxattr(paths.node(path), NameOperations.name(name));
    if (value == null) {
      throw ErrnoException.of(Errno.ENODATA);
    }
    return answer(value, buffer, size);
  }

  int listxattr(long path, long buffer, long size) throws ErrnoException {
    return answer(fs.listxattr(paths.node(path), caller(library)), buffer, size);
  }

  int removexattr(long path, long name) throws ErrnoException {
    Node node = paths.node(path);
    Name xattr = NameOperations.name(name);
    acl.changing(node, xattr);
    try {
      fs.removexattr(node, xattr, caller(library));
    } finally {
      changed(node, xattr);
    }
    return 0;
  }

  /** An ACL shows in the mode, which the kernel keeps. */
  private void changed(Node node, Name xattr) {
    if (acl.changing(node, xattr)) {
      invalidation.attributes(RequestThread.currentNodeId());
    }
  }

  private static int answer(byte[] value, long buffer, long size) throws ErrnoException {
    if (size == 0) {
      return value.length;
    }
    if (value.length > size) {
      throw ErrnoException.of(Errno.ERANGE);
    }
    NativeMemory.putBytes(buffer, value, 0, value.length);
    return value.length;
  }
}
