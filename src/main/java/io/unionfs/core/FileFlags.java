package io.unionfs.core;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Sys;

/** The flags of ioctl_iflags(2), such as append-only, and the attributes that XFS began with. */
final class FileFlags {
  private final UnionState union;
  private final Sys sys;
  private final CopyUp copyUp;
  private final OpenFiles openFiles;

  FileFlags(UnionState union, CopyUp copyUp, OpenFiles openFiles) {
    this.union = union;
    this.sys = union.sys();
    this.copyUp = copyUp;
    this.openFiles = openFiles;
  }

  /** Work on a descriptor. */
  private interface Action<T> {
    T on(int fd) throws ErrnoException;
  }

  private <T> T with(Node node, Action<T> action) throws ErrnoException {
    if (node instanceof DirNode dir) {
      try (Fd fd = new Fd(sys, dir.top().openSelf())) {
        return action.on(fd.raw());
      }
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
    return with(node, sys::getFileFlags);
  }

  void set(Node node, int flags) throws ErrnoException {
    copyUp(node);
    with(
        node,
        fd -> {
          sys.setFileFlags(fd, flags);
          return node;
        });
  }

  byte[] getExtended(Node node) throws ErrnoException {
    return with(node, sys::getFsxattr);
  }

  void setExtended(Node node, byte[] value) throws ErrnoException {
    copyUp(node);
    with(
        node,
        fd -> {
          sys.setFsxattr(fd, value);
          return node;
        });
  }
}
