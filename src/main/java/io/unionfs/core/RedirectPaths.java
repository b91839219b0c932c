package io.unionfs.core;

import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Redirect;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * As ovl_set_redirect() of the kernel (fs/overlayfs/dir.c): a directory that stays in its parent keeps
 * its first name, one that leaves it the path from the root, in the names that the layers below know.
 * The mark is set before the rename: with the old name it says what is true without it.
 */
/** The redirect marks of directories that are renamed. */
final class RedirectPaths {
  /* The kernel's default for its module parameter redirect_max. */
  private static final int MOST_BYTES = 256;

  private final UnionState union;

  RedirectPaths(UnionState union) {
    this.union = union;
  }

  /**
   * Marks a merged directory of the upper with the place of its lower content, for a rename. The
   * rename lock is held.
   *
   * @throws ErrnoException {@code EXDEV} if the path is longer than kernel overlayfs writes one
   */
  void keepLowers(DirNode dir, boolean staysInParent) throws ErrnoException {
    LayerDir upper = dir.requireUpper();
    LayerDir above = requireParent(upper);
    Redirect present = union.marks().redirect(above, upper.name());
    if (present != null && (staysInParent || present.absolute())) {
      return;
    }
    Redirect redirect =
        staysInParent ? new Redirect(false, List.of(dir.name())) : fromRoot(dir, present);
    if (redirect.format().length > MOST_BYTES) {
      throw ErrnoException.of(Errno.EXDEV);
    }
    SharedFd fd = above.pin();
    try {
      union.marks().setRedirect(fd.fd(), upper.name(), redirect);
    } finally {
      fd.unpin();
    }
  }

  private Redirect fromRoot(DirNode dir, @Nullable Redirect own) throws ErrnoException {
    Deque<Name> names = new ArrayDeque<>();
    names.push(own == null ? dir.name() : own.last());
    for (DirNode at = dir.parent(); !at.isRoot(); at = at.parent()) {
      LayerDir upper = at.requireUpper();
      Redirect redirect = union.marks().redirect(requireParent(upper), upper.name());
      if (redirect == null) {
        names.push(at.name());
        continue;
      }
      for (int i = redirect.names().size() - 1; i >= 0; i--) {
        names.push(redirect.names().get(i));
      }
      if (redirect.absolute()) {
        break;
      }
    }
    return new Redirect(true, List.copyOf(names));
  }

  /** Whether a directory of the upper has a redirect mark. */
  boolean isRedirected(LayerDir upper) throws ErrnoException {
    return union.marks().hasRedirect(requireParent(upper), upper.name());
  }

  /* Marks are asked for by name: "." takes the right to search the directory. */
  private static LayerDir requireParent(LayerDir dir) throws ErrnoException {
    LayerDir parent = dir.parent();
    if (parent == null) {
      throw ErrnoException.of(Errno.EBUSY);
    }
    return parent;
  }
}
