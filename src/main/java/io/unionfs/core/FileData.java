package io.unionfs.core;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.OwnerOverride;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Sys;
import org.jspecify.annotations.Nullable;

/** The reading and writing of file data. */
final class FileData {
  private final UnionState union;
  private final Sys sys;
  private final CopyUp copyUp;
  private final OpenFiles openFiles;
  private final Protection protection;

  FileData(UnionState union, CopyUp copyUp, OpenFiles openFiles, Protection protection) {
    this.union = union;
    this.sys = union.sys();
    this.copyUp = copyUp;
    this.openFiles = openFiles;
    this.protection = protection;
  }

  private static void requireRegular(FileNode file) throws ErrnoException {
    if (!file.isRegular()) {
      throw ErrnoException.of(Errno.EINVAL);
    }
  }

  private void prepareWrite(FileNode file) throws ErrnoException {
    requireRegular(file);
    protection.requireAppendable(file);
    copyUp.file(file);
  }

  /* The host takes only a capability that it knows of. */
  private void dropCapability(FileNode file, SharedFd fd) throws ErrnoException {
    OwnerOverride owners = union.owners();
    if (owners != null && owners.hidesCapabilities() && !file.isPlain()) {
      owners.dropCapability(fd.fd(), null);
    }
  }

  int read(FileNode file, long address, int length, long offset) throws ErrnoException {
    requireRegular(file);
    SharedFd fd = openFiles.pinForRead(file);
    try {
      int done = 0;
      while (done < length) {
        int read = sys.pread(fd.fd(), address + done, length - done, offset + done);
        done += read;
        if (read == 0 || offset + done == fd.size()) {
          break; // the end of the file; a lower's is known without another look
        }
      }
      return done;
    } finally {
      fd.unpin();
    }
  }

  int write(FileNode file, long address, int length, long offset) throws ErrnoException {
    prepareWrite(file);
    SharedFd fd = openFiles.pinForWrite(file);
    try {
      dropCapability(file, fd);
      int done = 0;
      while (done < length) {
        int wrote;
        try {
          wrote = sys.pwrite(fd.fd(), address + done, length - done, offset + done);
        } catch (ErrnoException e) {
          if (done > 0) {
            return done; // write(2): what was written counts, the error comes with the next call
          }
          throw e;
        }
        if (wrote == 0) {
          break;
        }
        done += wrote;
      }
      return done;
    } finally {
      fd.unpin();
    }
  }

  boolean clearPrivileges(FileNode file) throws ErrnoException {
    prepareWrite(file);
    SharedFd fd = openFiles.pinForWrite(file);
    try {
      dropCapability(file, fd);
      return Privileges.clear(new HostFile(sys, fd.fd(), null, union.owners()));
    } finally {
      fd.unpin();
    }
  }

  void truncate(FileNode file, long size, boolean killPrivileges) throws ErrnoException {
    if (!file.isRegular() || size < 0) {
      throw ErrnoException.of(Errno.EINVAL);
    }
    protection.requireChangeable(file);
    copyUp.file(file, size);
    SharedFd fd = openFiles.pinForWrite(file);
    try {
      dropCapability(file, fd);
      if (killPrivileges) {
        Privileges.clear(new HostFile(sys, fd.fd(), null, union.owners()));
      }
      sys.ftruncate(fd.fd(), size);
    } finally {
      fd.unpin();
    }
  }

  void allocate(FileNode file, int mode, long offset, long length) throws ErrnoException {
    requireRegular(file);
    if ((mode & ~Linux.FALLOC_FL_KEEP_SIZE) != 0) {
      protection.requireChangeable(file);
    }
    prepareWrite(file);
    SharedFd fd = openFiles.pinForWrite(file);
    try {
      dropCapability(file, fd);
      sys.fallocate(fd.fd(), mode, offset, length);
    } finally {
      fd.unpin();
    }
  }

  long copy(FileNode from, long fromOffset, FileNode to, long toOffset, long length)
      throws ErrnoException {
    requireRegular(from);
    prepareWrite(to);
    SharedFd out = openFiles.pinForWrite(to);
    try {
      dropCapability(to, out);
      SharedFd in = openFiles.pinForRead(from);
      try {
        return RangeCopy.copy(sys, in.fd(), fromOffset, out.fd(), toOffset, length);
      } finally {
        in.unpin();
      }
    } finally {
      out.unpin();
    }
  }

  /** A pinned descriptor of what an open file may be read and written through, null for none. */
  @Nullable SharedFd pinBacking(FileNode file) throws ErrnoException {
    if (!file.isRegular()) {
      return null;
    }
    if (union.readOnly()) {
      return openFiles.pinForRead(file);
    }
    return file.dataInUpper() ? openFiles.pinForWrite(file) : null;
  }

  /** Makes all of the upper's file system durable. */
  void syncAll() throws ErrnoException {
    Layer upper = union.upper();
    if (upper == null || union.options().isVolatile()) {
      return;
    }
    try (Fd fd = new Fd(sys, upper.root().openSelf())) {
      sys.syncfs(fd.raw());
    }
  }

  long seek(FileNode file, long offset, int whence) throws ErrnoException {
    requireRegular(file);
    SharedFd fd = openFiles.pinForRead(file);
    try {
      return sys.lseek(fd.fd(), offset, whence);
    } finally {
      fd.unpin();
    }
  }

  void sync(Node node, boolean dataOnly) throws ErrnoException {
    if (union.options().isVolatile()) {
      return;
    }
    if (node instanceof DirNode dir) {
      LayerDir upper = dir.upper();
      if (upper != null && !dir.isRemoved()) {
        try (Fd fd = new Fd(sys, upper.openSelf())) {
          sys.fsync(fd.raw());
        }
      }
      return;
    }
    FileNode file = (FileNode) node;
    if (!file.dataInUpper() || !file.isRegular()) {
      return; // nothing of it was written
    }
    SharedFd fd = openFiles.pinForRead(file);
    try {
      if (dataOnly) {
        sys.fdatasync(fd.fd());
      } else {
        sys.fsync(fd.fd());
      }
    } finally {
      fd.unpin();
    }
  }
}
