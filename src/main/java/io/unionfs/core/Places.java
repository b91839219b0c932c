package io.unionfs.core;

import io.unionfs.core.FileNode.Link;
import io.unionfs.core.FileNode.Placement;
import io.unionfs.layer.InSpiteOfMode;
import io.unionfs.layer.LayerDir;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Sys;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * A file of the upper is addressed by one of its names, and a name is only good while nobody renames
 * or removes it: the read lock of its directory is held meanwhile. A lower file's name never
 * changes. A removed file is addressed by the descriptor that was opened before its name went.
 */
/** Where nodes are in the layers right now. */
final class Places {
  private final UnionState union;
  private final Sys sys;

  Places(UnionState union) {
    this.union = union;
    this.sys = union.sys();
  }

  /** A directory of a layer and a name in it; only for work under the lock that keeps it true. */
  interface NamedAction<T> {
    T at(LayerDir dir, Name name) throws ErrnoException;
  }

  /** Runs an action on a node's present host object. */
  <T> T with(Node node, HostFile.Action<T> action) throws ErrnoException {
    if (node instanceof DirNode dir) {
      return withDirectory(dir, action);
    }
    return withFile(
        (FileNode) node,
        (dir, name) -> {
          SharedFd fd = dir.pin();
          try {
            return action.on(new HostFile(sys, fd.fd(), name, dir.layer().ownerOverride()));
          } finally {
            fd.unpin();
          }
        },
        action);
  }

  /** Runs a step on a node's present host object. */
  void run(Node node, HostFile.Step step) throws ErrnoException {
    with(
        node,
        host -> {
          step.on(host);
          return node;
        });
  }

  private <T> T withDirectory(DirNode dir, HostFile.Action<T> action) throws ErrnoException {
    while (true) {
      LayerDir top = dir.top();
      try {
        return withDirectory(dir, top, action);
      } catch (ErrnoException e) {
        if (e.errno() != Errno.ESTALE || dir.top() == top) {
          throw e;
        }
      }
    }
  }

  private <T> T withDirectory(DirNode dir, LayerDir top, HostFile.Action<T> action)
      throws ErrnoException {
    SharedFd orphan = dir.orphan();
    if (orphan != null && orphan.tryPin()) {
      try {
        return action.on(new HostFile(sys, orphan.fd(), null, union.owners()));
      } finally {
        orphan.unpin();
      }
    }
    LayerDir above = top.parent();
    if (top.covered() && above != null) {
      SharedFd fd = above.pin();
      try {
        return action.on(new HostFile(sys, fd.fd(), top.name(), null));
      } finally {
        fd.unpin();
      }
    }
    SharedFd fd = top.pin();
    try {
      return action.on(new HostFile(sys, fd.fd(), Name.DOT, top.layer().ownerOverride()));
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EACCES || above == null) {
        throw e;
      }
    } finally {
      fd.unpin();
    }
    return withNamedDirectory(dir, action);
  }

  /* "." takes the right to search the directory; its name takes only that to search the parent. */
  private <T> T withNamedDirectory(DirNode dir, HostFile.Action<T> action) throws ErrnoException {
    DirNode parent = dir.parent(); // it may be moved meanwhile
    union.locks().lockRead(parent);
    try {
      LayerDir top = dir.top();
      LayerDir above = top.parent();
      if (above == null || dir.isRemoved()) {
        throw ErrnoException.of(Errno.EACCES);
      }
      SharedFd fd = above.pin();
      try {
        return action.on(new HostFile(sys, fd.fd(), top.name(), top.layer().ownerOverride()));
      } finally {
        fd.unpin();
      }
    } finally {
      union.locks().unlockRead(parent);
    }
  }

  /**
   * Runs one of two actions on a file: by a name while it has one, else by descriptor.
   *
   * @throws ErrnoException {@code ESTALE} if it has neither
   */
  <T> T withFile(FileNode file, NamedAction<T> byName, HostFile.Action<T> byDescriptor)
      throws ErrnoException {
    while (true) {
      Placement placement = file.placement();
      if (!placement.copiedUp()) {
        Place lower = file.requireLower();
        return byName.at(lower.dir(), lower.name());
      }
      Link link = upperLink(placement);
      if (link != null) {
        union.locks().lockRead(link.parent());
        try {
          Link now = file.placement().linkAt(link.parent(), link.name());
          if (now != null && now.inUpper()) {
            // who has it open may go on when its directory can no longer be searched
            LayerDir dir = link.parent().requireUpper();
            return InSpiteOfMode.runIn(dir, () -> byName.at(dir, link.name()));
          }
        } finally {
          union.locks().unlockRead(link.parent());
        }
        continue;
      }
      SharedFd orphan = file.orphan();
      if (orphan != null && orphan.tryPin()) {
        try {
          return byDescriptor.on(new HostFile(sys, orphan.fd(), null, union.owners()));
        } finally {
          orphan.unpin();
        }
      }
      Name index = placement.index();
      LayerDir indexDir = indexDir();
      if (index != null && indexDir != null && !file.isRemoved()) {
        try {
          return byName.at(indexDir, index);
        } catch (ErrnoException e) {
          if (e.errno() != Errno.ENOENT || file.placement().equals(placement)) {
            throw e;
          }
          continue; // it is elsewhere meanwhile
        }
      }
      if (file.placement().equals(placement)) {
        throw ErrnoException.of(Errno.ESTALE);
      }
    }
  }

  @Nullable LayerDir indexDir() {
    WorkDir work = union.work();
    return work == null ? null : work.index();
  }

  static @Nullable Link upperLink(Placement placement) {
    List<Link> links = placement.links();
    for (int i = 0; i < links.size(); i++) { // an iterator would be garbage of each request
      Link link = links.get(i);
      if (link.inUpper()) {
        return link;
      }
    }
    return null;
  }
}
