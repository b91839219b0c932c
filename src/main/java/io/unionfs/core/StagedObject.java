package io.unionfs.core;

import io.unionfs.layer.LayerDir;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An object that is made in the work directory and moved to its place when it is complete. */
final class StagedObject {
  private static final Logger log = LoggerFactory.getLogger(StagedObject.class);

  private static final Name DEFAULT_ACL = Name.of("system.posix_acl_default");

  /** The system call that makes an object; a descriptor of it, or -1. */
  interface Maker {
    int make(int dirFd, Name name, int mode) throws ErrnoException;
  }

  /** What makes an object, in a directory that is chosen for it. */
  private interface Making {
    int in(LayerDir dir) throws ErrnoException;
  }

  private final UnionState union;
  private final Sys sys;
  private final WorkDir work;
  private final LayerDir parent;
  private final SharedFd parentFd;
  private final boolean inherits;

  /**
   * @param parent the directory of the upper that it is for
   * @param parentFd its descriptor
   * @param inherits whether that has a default ACL
   */
  StagedObject(
      UnionState union, WorkDir work, LayerDir parent, SharedFd parentFd, boolean inherits) {
    this.union = union;
    this.sys = union.sys();
    this.work = work;
    this.parent = parent;
    this.parentFd = parentFd;
    this.inherits = inherits;
  }

  /** Makes it under a name; a descriptor of it, or -1. */
  int make(Name name, int mode, int uid, int gid, Maker maker) throws ErrnoException {
    return inPlace(dir -> makeIn(dir, work.newName(), name, mode, uid, gid, maker));
  }

  /** Makes a regular file without a name; its descriptor. */
  int makeUnnamed(int mode, int uid, int gid) throws ErrnoException {
    return inPlace(dir -> makeUnnamedIn(dir, mode, uid, gid));
  }

  private int inPlace(Making making) throws ErrnoException {
    if (!inherits) {
      return making.in(work.dir());
    }
    // the host applies a default ACL only in a directory that has it
    Name nursery = work.newName();
    SharedFd workFd = work.dir().pin();
    try {
      sys.mkdirat(workFd.fd(), nursery, 0700);
      byte[] acl = defaultAcl(sys, parentFd);
      if (acl != null) {
        sys.setxattrat(workFd.fd(), nursery, DEFAULT_ACL, acl, 0);
      }
      return making.in(work.dir().child(nursery));
    } finally {
      workFd.unpin();
      work.discard(nursery);
    }
  }

  private int makeUnnamedIn(LayerDir dir, int mode, int uid, int gid) throws ErrnoException {
    SharedFd fd = dir.pin();
    int made = -1;
    boolean complete = false;
    try {
      made = sys.tryOpenat(fd.fd(), Name.DOT, Linux.O_TMPFILE | Linux.O_RDWR, mode);
      if (made < 0) {
        throw ErrnoException.of(made == -Errno.EISDIR ? Errno.EOPNOTSUPP : -made);
      }
      complete(new HostFile(sys, made, null, union.owners()), mode, uid, gid);
      complete = true;
      return made;
    } finally {
      fd.unpin();
      if (!complete && made >= 0) {
        sys.close(made);
      }
    }
  }

  private int makeIn(
      LayerDir dir, Name temporary, Name name, int mode, int uid, int gid, Maker maker)
      throws ErrnoException {
    SharedFd fd = dir.pin();
    boolean placed = false;
    int made = -1;
    try {
      made = maker.make(fd.fd(), temporary, mode);
      HostFile object = new HostFile(sys, fd.fd(), temporary, union.owners());
      complete(object, mode, uid, gid);
      place(fd, temporary, name, (mode & Linux.S_IFMT) == Linux.S_IFDIR);
      placed = true;
      return made;
    } finally {
      fd.unpin();
      if (!placed) {
        if (made >= 0) {
          sys.close(made);
        }
        work.discard(dir == work.dir() ? temporary : dir.name());
      }
    }
  }

  /* chown(2) clears set-id bits, and the work directory's setgid bit is not the parent's. */
  private void complete(HostFile object, int mode, int uid, int gid) throws ErrnoException {
    Stat made = new Stat();
    object.stat(made);
    if (object.owners() != null) {
      int special = mode & 07000;
      int plain = (inherits ? made.permissions() : mode) & 0777;
      object.own(made, uid, gid, special | plain, union.options().owners());
      return;
    }
    boolean same = made.uid == uid && made.gid == gid;
    boolean owned = same || union.options().owners().chown(object, uid, gid);
    if (!made.isSymlink()) {
      int special = (owned ? HostFile.SET_ID : 0) | Linux.S_ISVTX;
      int plain = (inherits ? made.permissions() : mode) & 0777; // an ACL has its say in it
      int wanted = (mode & special) | plain;
      if ((mode & special) != 0 || made.permissions() != wanted) {
        object.chmod(wanted);
      }
    }
  }

  private void place(SharedFd fd, Name temporary, Name name, boolean directory)
      throws ErrnoException {
    Stat there = new Stat();
    int errno = sys.tryStatx(parentFd.fd(), name, there);
    if (errno == Errno.ENOENT) {
      if (directory && union.marks().whiteouts().hidesBelow(parentFd.fd(), name)) {
        union.marks().setOpaque(fd.fd(), temporary);
      }
      sys.renameat2(fd.fd(), temporary, parentFd.fd(), name, Linux.RENAME_NOREPLACE);
    } else if (errno != 0) {
      throw ErrnoException.of(errno);
    } else if (!union.marks().whiteouts().isWhiteout(parent, name, there)) {
      throw ErrnoException.of(Errno.EEXIST); // made behind the mount since it was found absent
    } else if (!directory) {
      sys.renameat2(fd.fd(), temporary, parentFd.fd(), name, 0);
    } else {
      union.marks().setOpaque(fd.fd(), temporary);
      sys.renameat2(fd.fd(), temporary, parentFd.fd(), name, Linux.RENAME_EXCHANGE);
      int left = sys.tryUnlinkat(fd.fd(), temporary, 0);
      if (left != 0) { // the directory is there, and what is left goes with the work dir's sweep
        log.warn("{}: its whiteout cannot be removed: {}", name, Errno.message(left));
      }
    }
  }

  /** The default ACL of a directory, null where it has none. */
  static byte @Nullable [] defaultAcl(Sys sys, SharedFd parentFd) throws ErrnoException {
    try {
      return sys.getxattrat(parentFd.fd(), Name.DOT, DEFAULT_ACL);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EOPNOTSUPP) {
        return null;
      }
      throw e;
    }
  }
}
