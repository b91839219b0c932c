package io.unionfs.layer;

import io.unionfs.sys.Dirents;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Removal of a directory tree of a writable layer, following no link and entering no mount. */
public final class TreeRemoval {
  private TreeRemoval() {}

  /** Removes everything in a directory, not the directory itself. */
  public static void clear(LayerDir top) throws ErrnoException {
    clear(top, Set.of());
  }

  /** Removes everything in a directory but these subdirectories of it. */
  public static void clear(LayerDir top, Set<Name> kept) throws ErrnoException {
    ArrayDeque<LayerDir> open = new ArrayDeque<>();
    open.push(top);
    while (!open.isEmpty()) {
      LayerDir dir = open.peek();
      List<Name> subdirectories = removeFiles(dir);
      if (dir == top) {
        subdirectories.removeAll(kept);
      }
      if (!subdirectories.isEmpty()) {
        for (Name name : subdirectories) {
          open.push(dir.child(name));
        }
        continue;
      }
      open.pop();
      if (dir != top) {
        removeEmpty(dir);
      }
    }
  }

  /** Removes one name, with everything below it if it is a directory. */
  public static void remove(LayerDir parent, Name name) throws ErrnoException {
    SharedFd fd = parent.pin();
    try {
      int errno = parent.sys().tryUnlinkat(fd.fd(), name, 0);
      if (errno == 0 || errno == Errno.ENOENT) {
        return;
      }
      if (errno != Errno.EISDIR && errno != Errno.EPERM) {
        throw ErrnoException.of(errno);
      }
    } finally {
      fd.unpin();
    }
    LayerDir dir = parent.child(name);
    clear(dir);
    removeEmpty(dir);
  }

  private static void removeEmpty(LayerDir dir) throws ErrnoException {
    LayerDir parent = dir.parent();
    if (parent == null) {
      throw ErrnoException.of(Errno.EBUSY);
    }
    InSpiteOfMode.runIn(
        parent,
        () -> {
          removeEmpty(parent, dir);
          return dir;
        });
    dir.forget();
  }

  private static void removeEmpty(LayerDir parent, LayerDir dir) throws ErrnoException {
    SharedFd fd = parent.pin();
    try {
      int errno = dir.sys().tryUnlinkat(fd.fd(), dir.name(), Linux.AT_REMOVEDIR);
      if (errno != 0 && errno != Errno.ENOENT) {
        throw ErrnoException.of(errno);
      }
    } finally {
      fd.unpin();
    }
  }

  private static List<Name> removeFiles(LayerDir dir) throws ErrnoException {
    List<Name> subdirectories = new ArrayList<>();
    List<Name> files = new ArrayList<>();
    try (Fd listing = new Fd(dir.sys(), dir.openSelf());
        Dirents entries = Dirents.open(dir.sys(), listing.raw())) {
      while (entries.next()) {
        if (!entries.isDotOrDotDot()) {
          (entries.type() == Linux.DT_DIR ? subdirectories : files).add(entries.name());
        }
      }
    }
    for (Name name : files) {
      if (InSpiteOfMode.runIn(dir, () -> isDirectory(dir, name))) {
        subdirectories.add(name);
      }
    }
    return subdirectories;
  }

  /* Removes it, if not. */
  private static boolean isDirectory(LayerDir dir, Name name) throws ErrnoException {
    SharedFd fd = dir.pin();
    try {
      int errno = dir.sys().tryUnlinkat(fd.fd(), name, 0);
      if (errno != 0 && errno != Errno.ENOENT && errno != Errno.EISDIR) {
        throw ErrnoException.of(errno);
      }
      return errno == Errno.EISDIR;
    } finally {
      fd.unpin();
    }
  }
}
