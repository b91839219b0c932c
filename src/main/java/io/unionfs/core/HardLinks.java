package io.unionfs.core;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.layer.Origin;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/*
 * As kernel overlayfs with index=on: the first copy-up of a lower file with several names makes a
 * link of the copy in WORK/index, named by the lower file's handle. Every other name of the lower
 * file is found again through it, so that all names stay one file, over remounts too. How many names
 * the file has in the union is the upper inode's link count plus a difference kept in an xattr.
 */
/**
 * The origins of copied-up files, and the index that keeps the names of lower hard links together.
 */
final class HardLinks implements AutoCloseable {
  private final Sys sys;
  private final @Nullable WorkDir work;
  private final List<Layer> lowers;
  private final Map<Long, byte[]> uuids = new ConcurrentHashMap<>();
  private final Map<Layer, SharedFd> readable = new ConcurrentHashMap<>();

  HardLinks(Sys sys, @Nullable WorkDir work, List<Layer> lowers) {
    this.sys = sys;
    this.work = work;
    this.lowers = lowers;
  }

  /**
   * Sets right what a crash left in the index: a count that was noted relative to the lower inode
   * while the upper one got a link is noted as it is between operations, and a copy that lost its
   * last name goes.
   */
  void settle(Marks marks) throws ErrnoException {
    WorkDir present = work;
    LayerDir index = present == null ? null : present.index();
    if (index == null) {
      return;
    }
    SharedFd fd = index.pin();
    try {
      for (Name name : index.names()) {
        Indexed entry = entry(index, name);
        if (entry != null && !entry.stat().isDirectory() && isOrphan(marks, fd, entry)) {
          sys.unlinkat(fd.fd(), name, 0);
        }
      }
    } finally {
      fd.unpin();
    }
  }

  private boolean isOrphan(Marks marks, SharedFd fd, Indexed entry) throws ErrnoException {
    int links = entry.stat().nlink;
    boolean toLower = marks.countsFromLower(fd.fd(), entry.name());
    FileHandle origin = toLower ? marks.origin(fd.fd(), entry.name()) : null;
    Stat lower = origin == null ? null : resolve(origin);
    if (toLower && lower == null) {
      return false;
    }
    int lowerLinks = lower == null ? 0 : lower.nlink;
    Integer difference = marks.nlinkDifference(fd.fd(), entry.name(), links, lowerLinks);
    if (toLower && difference != null) {
      marks.setNlinkDifference(fd.fd(), entry.name(), difference);
    }
    return links == 1 && difference != null && links + difference <= 0;
  }

  /** A copy in the index. */
  record Indexed(Name name, Stat stat) {}

  /** The origin of a lower file as kernel overlayfs writes it, null where it has no handle. */
  byte @Nullable [] originOf(LayerDir dir, Name name) throws ErrnoException {
    FileHandle handle = handleOf(dir, name);
    return handle == null ? null : Origin.encode(handle, uuid(dir.layer()));
  }

  @Nullable FileHandle handleOf(LayerDir dir, Name name) throws ErrnoException {
    SharedFd fd = dir.pin();
    try {
      return sys.nameToHandleAt(fd.fd(), name);
    } finally {
      fd.unpin();
    }
  }

  byte[] uuid(Layer layer) throws ErrnoException {
    byte[] known = uuids.get(layer.dev());
    if (known != null) {
      return known;
    }
    SharedFd root = layer.root().pin();
    try {
      byte[] read = sys.fileSystemUuid(root.fd());
      byte[] uuid = read == null ? new byte[Origin.UUID_BYTES] : read;
      uuids.put(layer.dev(), uuid);
      return uuid;
    } finally {
      root.unpin();
    }
  }

  /** The name of a lower file's entry in the index. */
  @Nullable Name indexName(LayerDir dir, Name name) throws ErrnoException {
    byte[] origin = originOf(dir, name);
    return origin == null ? null : Origin.indexName(origin);
  }

  /** The copy of a lower file with several names, or null if none of them was copied up. */
  @Nullable Indexed find(LayerDir dir, Name name) throws ErrnoException {
    WorkDir present = work;
    LayerDir index = present == null ? null : present.index();
    if (index == null) {
      return null;
    }
    Name indexName = indexName(dir, name);
    if (indexName == null) {
      return null;
    }
    return entry(index, indexName);
  }

  private static @Nullable Indexed entry(LayerDir index, Name indexName) throws ErrnoException {
    Stat stat = new Stat();
    int errno = index.tryStat(indexName, stat);
    if (errno == Errno.ENOENT || (errno == 0 && stat.isWhiteoutDevice())) {
      return null;
    }
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
    return new Indexed(indexName, stat);
  }

  /** The index entry of an upper file with several links, or null if it is not indexed. */
  @Nullable Name indexEntryOf(FileHandle origin, Stat upper) throws ErrnoException {
    WorkDir present = work;
    LayerDir index = present == null ? null : present.index();
    if (index == null || upper.nlink < 2) {
      return null;
    }
    for (Layer layer : lowers) {
      Indexed found = entry(index, Origin.indexName(Origin.encode(origin, uuid(layer))));
      if (found != null && found.stat().ino == upper.ino) {
        return found.name();
      }
    }
    return null;
  }

  /**
   * The attributes of the lower file that an origin names, or null where it cannot be found: the
   * handle is opened as {@code O_PATH}, so nothing of the file is touched.
   */
  @Nullable Stat resolve(FileHandle origin) throws ErrnoException {
    long lastDev = -1;
    for (Layer layer : lowers) {
      if (layer.dev() == lastDev) {
        continue;
      }
      lastDev = layer.dev();
      SharedFd root = pinReadable(layer);
      try {
        int fd = sys.tryOpenByHandleAt(root.fd(), origin, Linux.O_PATH);
        if (fd < 0) {
          continue;
        }
        try {
          Stat stat = new Stat();
          sys.fstatx(fd, stat);
          return stat;
        } finally {
          sys.close(fd);
        }
      } finally {
        root.unpin();
      }
    }
    return null;
  }

  /* open_by_handle_at(2) takes no O_PATH descriptor for the mount. */
  private SharedFd pinReadable(Layer layer) throws ErrnoException {
    while (true) {
      SharedFd known = readable.get(layer);
      if (known == null) {
        SharedFd opened = new SharedFd(sys, layer.root().openSelf());
        SharedFd before = readable.putIfAbsent(layer, opened);
        if (before != null) {
          opened.retire();
        }
      } else if (known.tryPin()) {
        return known;
      } else {
        throw ErrnoException.of(Errno.ESTALE); // closed: the mount is ending
      }
    }
  }

  @Override
  public void close() {
    readable.values().forEach(SharedFd::retire);
  }
}
