package io.unionfs.core;

import io.unionfs.layer.Marks;
import io.unionfs.layer.ProtectionMark;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import org.jspecify.annotations.Nullable;

/*
 * The kernel checks these flags for other file systems (IS_IMMUTABLE and IS_APPEND in may_open,
 * may_delete, may_create, may_setattr, xattr_permission), but the inodes of FUSE carry none, so the
 * checks are made here, before anything is copied up. That a node has none is remembered.
 */
/** What immutable and append-only files and directories (chattr +i, +a) refuse. */
final class Protection {
  private static final int ANY = ProtectionMark.IMMUTABLE | ProtectionMark.APPEND;

  private final UnionState union;
  private final Places places;
  private final ProtectionMark mark;

  Protection(UnionState union, Places places) {
    this.union = union;
    this.places = places;
    this.mark = new ProtectionMark(union.marks());
  }

  /** The flags of a node's present host object, its own and those that are marked. */
  int of(Node node) throws ErrnoException {
    if (node.isUnprotected() && !union.options().isShared()) {
      return 0;
    }
    boolean upper = isUpper(node);
    int[] flags = new int[1];
    places.run(
        node,
        host -> {
          Stat stat = new Stat();
          host.stat(stat);
          flags[0] = ProtectionMark.ofHost(stat) | (upper ? marked(host) : 0);
        });
    if (flags[0] == 0 && upper == isUpper(node)) {
      node.setUnprotected(true);
    }
    return flags[0];
  }

  /** The flags that a node of the upper is marked with, not counting the host's own. */
  int marked(Node node) throws ErrnoException {
    int[] flags = new int[1];
    if (isUpper(node)) {
      places.run(node, host -> flags[0] = marked(host));
    }
    return flags[0];
  }

  private static boolean isUpper(Node node) {
    return node instanceof DirNode dir ? dir.upper() != null : ((FileNode) node).copiedUp();
  }

  private int marked(HostFile host) throws ErrnoException {
    try {
      return ProtectionMark.decode(host.getxattr(mark.xattr()));
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EOPNOTSUPP || e.errno() == Errno.EPERM) {
        return 0; // symbolic links and special files have no flags
      }
      if (e.errno() == Errno.EACCES) {
        return markedUnreadable(host);
      }
      throw e;
    }
  }

  /* The mode keeps the server from reading the mark, but not from seeing whether there is one. */
  private int markedUnreadable(HostFile host) throws ErrnoException {
    Name name = host.name();
    if (!Marks.split(host.listxattr()).contains(mark.xattr())) {
      return 0;
    }
    return name == null
        ? ANY
        : ProtectionMark.decode(union.marks().ofUpper(host.fd(), name, mark.xattr()));
  }

  /** Marks an object of the upper that has no flags itself. */
  void mark(HostFile host, int flags) throws ErrnoException {
    if (flags != 0) {
      host.setxattr(mark.xattr(), ProtectionMark.encode(flags), 0);
    }
  }

  /** Changes a node's flags where they are marks, as they are in a copy of a lower file. */
  void remark(Node node, int flags) throws ErrnoException {
    places.run(
        node,
        host -> {
          if (flags == 0) {
            host.removexattr(mark.xattr());
          } else {
            mark(host, flags);
          }
        });
  }

  private void refuse(@Nullable Node node, int flags) throws ErrnoException {
    if (node != null && (of(node) & flags) != 0) {
      throw ErrnoException.of(Errno.EPERM);
    }
  }

  /** For a change of owner, mode, set times, xattrs, or size, and for one more name. */
  void requireChangeable(Node node) throws ErrnoException {
    refuse(node, ANY);
  }

  /** For a change that appending brings too: data, and times that are set to now. */
  void requireAppendable(Node node) throws ErrnoException {
    refuse(node, ProtectionMark.IMMUTABLE);
  }

  /** For open(2). */
  void requireOpen(FileNode file, int flags) throws ErrnoException {
    boolean appends = (flags & (Linux.O_APPEND | Linux.O_TRUNC)) == Linux.O_APPEND;
    refuse(file, appends ? ProtectionMark.IMMUTABLE : ANY);
  }

  /** For a new name in a directory. */
  void requireNamesAddable(DirNode parent) throws ErrnoException {
    refuse(parent, ProtectionMark.IMMUTABLE);
  }

  /** For the end of a name in a directory, by unlink(2), rmdir(2) or rename(2). */
  void requireRemovable(DirNode parent, @Nullable Node victim) throws ErrnoException {
    refuse(parent, ANY);
    refuse(victim, ANY);
  }
}
