package io.unionfs.core;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.stack.MergeRules;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
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
