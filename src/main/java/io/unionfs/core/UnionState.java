package io.unionfs.core;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.layer.OwnerOverride;
import io.unionfs.stack.MergeRules;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the operations of one mount share.
 *
 * @param upper null for a read-only union
 * @param work null exactly where {@code upper} is
 */
record UnionState(
    Sys sys,
    MountOptions options,
    List<Layer> lowers,
    @Nullable Layer upper,
    @Nullable WorkDir work,
    Marks marks,
    MergeRules rules,
    Identities identities,
    Nodes nodes,
    LookupCache cache,
    Locks locks,
    DirNode root) {
  private static final int NAME_MAX = 255;

  boolean readOnly() {
    return upper == null || options.readOnly();
  }

  /**
   * @throws ErrnoException {@code EROFS}
   */
  WorkDir requireWritable() throws ErrnoException {
    WorkDir present = work;
    if (present == null || options.readOnly()) {
      throw ErrnoException.of(Errno.EROFS);
    }
    return present;
  }

  /** How the upper keeps owners in xattrs; null where they are the host's, or there is no upper. */
  @Nullable OwnerOverride owners() {
    Layer present = upper;
    return present == null ? null : present.ownerOverride();
  }

  /** Makes a fifo, socket or device in the upper, or what stands for one there. */
  void makeSpecial(int dirFd, Name name, int mode, long rdev) throws ErrnoException {
    OwnerOverride owners = owners();
    if (owners == null) {
      sys.mknodat(dirFd, name, mode, rdev);
      return;
    }
    sys.mknodat(dirFd, name, Linux.S_IFREG | (mode & 0777), 0);
    owners.declareType(dirFd, name, mode & Linux.S_IFMT, rdev);
  }

  LayerDir workDir() throws ErrnoException {
    return requireWritable().dir();
  }

  /**
   * Checks a name that something is to get.
   *
   * @throws ErrnoException {@code EPERM} for a name that is a mark in this mount
   */
  void checkNew(Name name) throws ErrnoException {
    checkName(name);
    if (marks.whiteouts().isReserved(name)) {
      throw ErrnoException.of(Errno.EPERM);
    }
  }

  static void checkName(Name name) throws ErrnoException {
    if (name.length() > NAME_MAX) {
      throw ErrnoException.of(Errno.ENAMETOOLONG);
    }
    if (name.length() == 0) {
      throw ErrnoException.of(Errno.ENOENT);
    }
  }
}
