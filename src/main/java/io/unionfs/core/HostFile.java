package io.unionfs.core;

import io.unionfs.layer.InSpiteOfMode;
import io.unionfs.layer.OwnerOverride;
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
 * @param owners how its layer keeps owners in xattrs, null where they are the host's
 */
record HostFile(Sys sys, int fd, @Nullable Name name, @Nullable OwnerOverride owners) {
  /** Set-user-id and set-group-id. */
  static final int SET_ID = 06000;

  /** Work on a host object that is addressed right now. */
  interface Action<T> {
    T on(HostFile file) throws ErrnoException;
  }

  /** Work without a result. */
  interface Step {
    void on(HostFile file) throws ErrnoException;
  }

  void stat(Stat out) throws ErrnoException {
    stat(sys, fd, name, owners, out);
  }

  /** The same for a caller that makes no object for it. */
  static void stat(Sys sys, int fd, @Nullable Name name, @Nullable OwnerOverride owners, Stat out)
      throws ErrnoException {
    if (name == null) {
      sys.fstatx(fd, out);
    } else {
      sys.statx(fd, name, out);
    }
    if (owners != null) {
      owners.apply(fd, name, out);
    }
  }

  /**
   * Gives it owner and mode, as chown(2) and then chmod(2).
   *
   * @return whether the owner is stored; if not, no set-id bit is
   */
  boolean own(Stat made, int uid, int gid, int mode, ShownOwners shownOwners)
      throws ErrnoException {
    if (owners != null) {
      Stat shown = new Stat();
      shown.copyFrom(made);
      shown.uid = uid;
      shown.gid = gid;
      shown.mode = made.type() | (mode & 07777);
      owners.declare(fd, name, shown);
      return true;
    }
    boolean same = made.uid == uid && made.gid == gid;
    boolean owned = same || shownOwners.chown(this, uid, gid);
    if (!made.isSymlink()) {
      chmod(owned ? mode : mode & ~SET_ID);
    }
    return owned;
  }

  void chmod(int mode) throws ErrnoException {
    if (owners != null) {
      owners.chmod(fd, name, mode);
    } else if (name == null) {
      InSpiteOfMode.changing(() -> sys.fchmod(fd, mode));
    } else {
      InSpiteOfMode.changing(() -> sys.fchmodat(fd, name, mode));
    }
  }

  void chown(int uid, int gid) throws ErrnoException {
    if (owners != null) {
      owners.chown(fd, name, uid, gid);
    } else if (name == null) {
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
    if (owners != null) {
      return owners.getxattr(fd, name, xattr);
    }
    return name == null ? sys.fgetxattr(fd, xattr) : sys.getxattrat(fd, name, xattr);
  }

  byte[] listxattr() throws ErrnoException {
    byte[] list = name == null ? sys.flistxattr(fd) : sys.listxattrat(fd, name);
    return owners == null ? list : owners.listed(list);
  }

  void setxattr(Name xattr, byte[] value, int flags) throws ErrnoException {
    if (owners != null) {
      owners.setxattr(fd, name, xattr, value, flags);
    } else if (name == null) {
      sys.fsetxattr(fd, xattr, value, flags);
    } else {
      sys.setxattrat(fd, name, xattr, value, flags);
    }
  }

  void removexattr(Name xattr) throws ErrnoException {
    if (owners != null) {
      owners.removexattr(fd, name, xattr);
    } else if (name == null) {
      sys.fremovexattr(fd, xattr);
    } else {
      sys.removexattrat(fd, name, xattr);
    }
  }
}
