package io.unionfs.offline;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Origin;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * An origin mark is the handle of a lower file. First the lowers' files under the name itself are asked for
 * their handles, which anybody may. Elsewhere the file can only be found by opening the handle, as O_PATH,
 * which only a privileged process may; the kernel's name for it is then looked up in each layer, and counts
 * if it is the same file there. So a mark that somebody made up tells nothing about files that are in no layer.
 */
/** Where files were copied up from. */
final class Origins {
  private final OpenLayers layers;

  Origins(OpenLayers layers) {
    this.layers = layers;
  }

  /** A file of a lower. */
  record Found(Layer layer, List<Name> path) {}

  /** The handle in an object's mark, null without one or where it cannot be read. */
  @Nullable FileHandle handle(Side side) throws ErrnoException {
    byte[] mark = mark(side);
    return mark == null ? null : Origin.decode(mark);
  }

  byte @Nullable [] mark(Side side) throws ErrnoException {
    try {
      return layers.marks().originMark(side.dir(), side.name());
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EACCES) {
        return null;
      }
      throw e;
    }
  }

  /**
   * The file that a handle names.
   *
   * @param path where it is looked for first
   */
  @Nullable Found find(FileHandle handle, List<Name> path) throws ErrnoException {
    for (Layer layer : layers.lowers()) {
      Side there = at(layer, path);
      if (there != null && handle.equals(Renames.handle(there))) {
        return new Found(layer, path);
      }
    }
    for (Layer layer : layers.lowers()) {
      Found found = open(layer, handle);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private @Nullable Found open(Layer layer, FileHandle handle) throws ErrnoException {
    Sys sys = layers.sys();
    Stat stat = new Stat();
    byte[] shown;
    try (Fd root = new Fd(sys, layer.root().openSelf())) {
      int opened = sys.tryOpenByHandleAt(root.raw(), handle, Linux.O_PATH);
      if (opened < 0) {
        return null; // not of this file system, gone, or no right to
      }
      try (Fd fd = new Fd(sys, opened)) {
        sys.fstatx(fd.raw(), stat);
        shown = sys.readlinkat(Linux.AT_FDCWD, Name.of("/proc/self/fd/" + fd.raw()));
      }
    }
    List<Name> names;
    try {
      names = Paths.normalized(shown);
    } catch (IllegalArgumentException e) {
      return null; // the kernel does not know its name
    }
    // below the layer's root where it is a mount of its own, else below everything
    for (int from = 0; from < names.size(); from++) {
      List<Name> path = names.subList(from, names.size());
      Side there = at(layer, path);
      if (there != null && there.stat().ino == stat.ino && there.stat().dev == stat.dev) {
        return new Found(layer, List.copyOf(path));
      }
    }
    return null;
  }

  /** What a layer has at a path, by itself; null for nothing. */
  private static @Nullable Side at(Layer layer, List<Name> path) throws ErrnoException {
    if (path.isEmpty()) {
      return null;
    }
    LayerDir dir = layer.root();
    Stat stat = new Stat();
    for (Name name : path.subList(0, path.size() - 1)) {
      if (!isThere(dir, name, stat) || !stat.isDirectory()) {
        return null;
      }
      dir = dir.child(name, stat);
    }
    Name last = path.get(path.size() - 1);
    Stat found = new Stat();
    return isThere(dir, last, found) ? new Side(dir, last, found, new Place(dir, last)) : null;
  }

  private static boolean isThere(LayerDir dir, Name name, Stat out) throws ErrnoException {
    int errno = dir.tryStat(name, out);
    if (errno != 0 && errno != Errno.ENOENT) {
      throw ErrnoException.of(errno);
    }
    return errno == 0 && !dir.layer().hides(out);
  }

  /** The entry of the index for an upper file with several names, or null. */
  @Nullable Name indexEntry(byte[] mark, Stat upper) throws ErrnoException {
    LayerDir index = layers.index();
    if (index == null || upper.nlink < 2) {
      return null;
    }
    Name name = Origin.indexName(mark);
    Stat entry = new Stat();
    return isThere(index, name, entry) && entry.ino == upper.ino ? name : null;
  }

  /**
   * How many names that only the lowers have show a file of the upper: its copy is in the index,
   * and has a count of all names.
   *
   * @param lower what the lowers have under the file's name, null for nothing
   */
  int moreNames(Side upper, @Nullable Side lower) throws ErrnoException {
    Stat stat = upper.stat();
    if (stat.isDirectory() || stat.nlink < 2 || upper.dir().layer() != layers.upper()) {
      return 0;
    }
    byte[] mark = mark(upper);
    if (mark == null || indexEntry(mark, stat) == null) {
      return 0;
    }
    try {
      int lowerLinks = lower == null ? 1 : lower.stat().nlink; // counts where a crash left it open
      Integer difference =
          layers.marks().nlinkMark(upper.dir(), upper.name(), stat.nlink, lowerLinks);
      return difference == null ? 0 : Math.max(0, difference + 1); // one link is the index's
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EACCES) {
        return 0; // the count cannot be read, as the mark
      }
      throw e;
    }
  }

  /** The entry of the index for a file of the upper, or null. */
  @Nullable Name indexEntry(Side upper) throws ErrnoException {
    Stat stat = upper.stat();
    boolean several =
        !stat.isDirectory() && upper.dir().layer() == layers.upper() && stat.nlink > 1;
    byte[] mark = several ? mark(upper) : null;
    return mark == null ? null : indexEntry(mark, stat);
  }

  /**
   * The copies in the index that no name of the upper has any more, but perhaps lower ones; none
   * where it cannot be read, like marks, or goes away just then.
   */
  List<Name> unnamedCopies() throws IOException {
    List<Name> found = new ArrayList<>();
    try {
      LayerDir index = layers.index();
      for (Name name : index == null ? List.<Name>of() : index.names()) {
        if (index != null && isUnnamedCopy(index, name)) {
          found.add(name);
        }
      }
    } catch (ErrnoException e) {
      int errno = e.errno();
      if (errno != Errno.EACCES && errno != Errno.ESTALE && errno != Errno.ENOENT) {
        throw new IOException("the index of hard links: " + Errno.message(errno), e);
      }
    }
    Collections.sort(found);
    return found;
  }

  private static boolean isUnnamedCopy(LayerDir index, Name name) throws ErrnoException {
    Stat entry = new Stat();
    return IndexNames.origin(name) != null
        && isThere(index, name, entry)
        && !entry.isDirectory()
        && !entry.isWhiteoutDevice()
        && entry.nlink == 1;
  }

  /**
   * The copy in the index of a lower file with several names, one of which was copied up; or null.
   */
  @Nullable Side indexed(Side lower) throws ErrnoException {
    LayerDir index = layers.index();
    FileHandle handle = index == null || lower.stat().nlink < 2 ? null : Renames.handle(lower);
    if (index == null || handle == null) {
      return null;
    }
    SharedFd root = lower.dir().layer().root().pin();
    Name name;
    try {
      byte[] uuid = layers.sys().fileSystemUuid(root.fd());
      byte[] known = uuid == null ? new byte[Origin.UUID_BYTES] : uuid;
      name = Origin.indexName(Origin.encode(handle, known));
    } finally {
      root.unpin();
    }
    Stat entry = new Stat();
    if (!isThere(index, name, entry) || entry.isWhiteoutDevice()) {
      return null;
    }
    // kernel overlayfs's copy in the index may be without data, like any other
    boolean dataBelow = entry.isRegular() && layers.marks().isMetacopy(index, name);
    return new Side(index, name, entry, dataBelow ? lower.data() : new Place(index, name));
  }
}
