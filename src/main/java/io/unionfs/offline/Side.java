package io.unionfs.offline;

import io.unionfs.layer.LayerDir;
import io.unionfs.stack.Resolution;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;

/**
 * An object of a layer that a union shows.
 *
 * @param dir the directory it is in
 * @param stat its attributes, not to be changed
 * @param data where its data are, which for a file without data of its own is further down
 */
record Side(LayerDir dir, Name name, Stat stat, Place data) {
  /** What was found under a name that exists. */
  static Side of(Resolution found) {
    LayerDir dir = found.dir();
    Stat stat = found.stat();
    if (dir == null || stat == null) {
      throw new IllegalArgumentException("nothing there: " + found.name());
    }
    // the name sought is not the name there where a redirect mark was followed
    Place data = found.data();
    return new Side(dir, found.name(), stat, data == null ? new Place(dir, found.name()) : data);
  }

  /** A directory by itself. */
  static Side of(LayerDir directory) throws ErrnoException {
    Stat stat = new Stat();
    directory.stat(stat);
    LayerDir parent = directory.parent();
    LayerDir dir = parent == null ? directory : parent;
    return new Side(dir, directory.name(), stat, new Place(dir, directory.name()));
  }

  boolean isSame(Side other) {
    return stat.ino == other.stat.ino && stat.dev == other.stat.dev;
  }

  /** The target of a symbolic link. */
  Name target() throws ErrnoException {
    SharedFd fd = dir.pin();
    try {
      return Name.of(dir.sys().readlinkat(fd.fd(), name));
    } finally {
      fd.unpin();
    }
  }
}
