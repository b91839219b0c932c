package io.unionfs.core;

import io.unionfs.layer.ProtectionMark;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Sys;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The flags of ioctl_iflags(2), such as append-only, and the attributes that XFS began with. */
final class FileFlags {
  private final UnionState union;
  private final Sys sys;
  private final CopyUp copyUp;
  private final OpenFiles openFiles;
  private final Protection protection;

  FileFlags(UnionState union, CopyUp copyUp, OpenFiles openFiles, Protection protection) {
    this.union = union;
    this.sys = union.sys();
    this.copyUp = copyUp;
    this.openFiles = openFiles;
    this.protection = protection;
  }

  /** Work on a descriptor. */
  private interface Action<T> {
    T on(int fd) throws ErrnoException;
  }

  private <T> T with(Node node, Action<T> action) throws ErrnoException {
    if (node instanceof DirNode dir) {
      return withDirectory(dir, action);
    }
    FileNode file = (FileNode) node;
    if (!file.isRegular()) {
      throw ErrnoException.of(Errno.ENOTTY);
    }
    SharedFd fd = openFiles.pinForRead(file);
    try {
      return action.on(fd.fd());
    } finally {
      fd.unpin();
    }
  }

  /* The name of one that was removed may be another's by now. */
  private <T> T withDirectory(DirNode dir, Action<T> action) throws ErrnoException {
    SharedFd kept = dir.orphan();
    if (kept != null && kept.tryPin()) {
      try {
        return action.on(kept.fd());
      } finally {
        kept.unpin();
      }
    }
    if (dir.isRemoved() && dir.upper() != null) {
      throw ErrnoException.of(Errno.ENOENT);
    }
    try (Fd fd = new Fd(sys, dir.top().openSelf())) {
      return action.on(fd.raw());
    }
  }

  private void copyUp(Node node) throws ErrnoException {
    union.requireWritable();
    if (node instanceof DirNode dir) {
      copyUp.directory(dir);
    } else if (node instanceof FileNode file) {
      if (!file.isRegular()) {
        throw ErrnoException.of(Errno.ENOTTY);
      }
      copyUp.file(file);
    }
  }

  int get(Node node) throws ErrnoException {
    int marked = protection.marked(node);
    return with(node, sys::getFileFlags) | bits(marked, Linux.FS_IMMUTABLE_FL, Linux.FS_APPEND_FL);
  }

  void set(Node node, int flags) throws ErrnoException {
    copyUp(node);
    set(
        node,
        flags(flags, Linux.FS_IMMUTABLE_FL, Linux.FS_APPEND_FL),
        (fd, marked) -> {
          int kept = bits(marked, Linux.FS_IMMUTABLE_FL, Linux.FS_APPEND_FL);
          sys.setFileFlags(fd, flags & ~kept);
        });
  }

  byte[] getExtended(Node node) throws ErrnoException {
    int marked = protection.marked(node);
    byte[] value = with(node, sys::getFsxattr);
    int flags = bits(marked, Linux.FS_XFLAG_IMMUTABLE, Linux.FS_XFLAG_APPEND);
    xflags(value).putInt(0, xflags(value).getInt(0) | flags);
    return value;
  }

  void setExtended(Node node, byte[] value) throws ErrnoException {
    copyUp(node);
    set(
        node,
        flags(xflags(value).getInt(0), Linux.FS_XFLAG_IMMUTABLE, Linux.FS_XFLAG_APPEND),
        (fd, marked) -> {
          byte[] host = value.clone();
          int kept = bits(marked, Linux.FS_XFLAG_IMMUTABLE, Linux.FS_XFLAG_APPEND);
          xflags(host).putInt(0, xflags(host).getInt(0) & ~kept);
          sys.setFsxattr(fd, host);
        });
  }

  /* The first field of struct fsxattr. */
  private static ByteBuffer xflags(byte[] value) {
    return ByteBuffer.wrap(value).order(ByteOrder.nativeOrder());
  }

  /** Sets the flags of a host's file, but for those that it is marked with instead. */
  private interface Setter {
    void on(int fd, int marked) throws ErrnoException;
  }

  /* A file that has some of its flags as marks has all of them as marks. */
  private void set(Node node, int wanted, Setter setter) throws ErrnoException {
    int before = protection.marked(node);
    int marked = before == 0 ? 0 : wanted;
    node.setUnprotected(false);
    try {
      if (marked != before) {
        protection.remark(node, marked);
      }
      with(
          node,
          fd -> {
            setter.on(fd, marked);
            return node;
          });
    } finally {
      node.setUnprotected(false);
    }
  }

  private static int bits(int protection, int immutable, int append) {
    return ((protection & ProtectionMark.IMMUTABLE) != 0 ? immutable : 0)
        | ((protection & ProtectionMark.APPEND) != 0 ? append : 0);
  }

  private static int flags(int bits, int immutable, int append) {
    return ((bits & immutable) != 0 ? ProtectionMark.IMMUTABLE : 0)
        | ((bits & append) != 0 ? ProtectionMark.APPEND : 0);
  }
}
