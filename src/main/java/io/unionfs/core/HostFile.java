package io.unionfs.core;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import org.jspecify.annotations.Nullable;

/**
 * A host object as system calls address it, for the duration of one operation.
 *
 * @param fd a pinned directory descriptor, or the object's own descriptor
 * @param name the object's name in that directory, null for the object that {@code fd} is
 */
record HostFile(Sys sys, int fd, @Nullable Name name) {
  /** Work on a host object that is addressed right now. */
  interface Action<T> {
    T on(HostFile file) throws ErrnoException;
  }

  /** Work without a result. */
  interface Step {
    void on(HostFile file) throws ErrnoException;
  }

  void stat(Stat out) throws ErrnoException {
    if (name == null) {
      sys.fstatx(fd, out);
    } else {
      sys.statx(fd, name, out);
    }
  }

  void chmod(int mode) throws ErrnoException {
    if (name == null) {
      sys.fchmod(fd, mode);
    } else {
      sys.fchmodat(fd, name, mode);
    }
  }

  void chown(int uid, int gid) throws ErrnoException {
    if (name == null) {
      sys.fchown(fd, uid, gid);
    } else {
      sys.fchownat(fd, name, uid, gid);
    }
  }

  void utimens(long atime, int atimeNsec, long mtime, int mtimeNsec) throws ErrnoException {
    if (name == null) {
      sys.futimens(fd, atime, atimeNsec, mtime, mtimeNsec);
    } else {
      sys.utimensat(fd, name, atime, atimeNsec, mtime, mtimeNsec);
    }
  }

  byte[] readlink() throws ErrnoException {
    return name == null ? sys.readlinkFd(fd) : sys.readlinkat(fd, name);
  }

  byte @Nullable [] getxattr(Name xattr) throws ErrnoException {
    return name == null ? sys.fgetxattr(fd, xattr) : sys.getxattrat(fd, name, xattr);
  }

  byte[] listxattr() throws ErrnoException {
    return name == null ? sys.flistxattr(fd) : sys.listxattrat(fd, name);
  }

  void setxattr(Name xattr, byte[] value, int flags) throws ErrnoException {
    if (name == null) {
      sys.fsetxattr(fd, xattr, value, flags);
    } else {
      sys.setxattrat(fd, name, xattr, value, flags);
    }
  }

  void removexattr(Name xattr) throws ErrnoException {
    if (name == null) {
      sys.fremovexattr(fd, xattr);
    } else {
      sys.removexattrat(fd, name, xattr);
    }
  }
}
