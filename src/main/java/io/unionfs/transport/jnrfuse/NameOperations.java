package io.unionfs.transport.jnrfuse;

import static io.unionfs.transport.jnrfuse.RequestThread.caller;

import io.unionfs.core.Node;
import io.unionfs.core.SetAttr;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.transport.AclNarrowing;
import io.unionfs.transport.jnrfuse.Layouts.TimespecAt;
import io.unionfs.transport.jnrfuse.Paths.Place;

/** The operations of libfuse on names and attributes. All return 0, or throw. */
final class NameOperations {
  private final UnionFileSystem fs;
  private final LibFuse2 library;
  private final Paths paths;
  private final HiddenFiles hidden;
  private final Attributes attributes;
  private final AclNarrowing acl;
  private final LinkedNodes linked;
  private final Invalidation invalidation;

  NameOperations(MountContext context) {
    fs = context.fs();
    library = context.library();
    paths = context.paths();
    hidden = context.hidden();
    attributes = context.attributes();
    acl = context.acl();
    linked = context.linked();
    invalidation = context.invalidation();
  }

  int getattr(long path, long stat) throws ErrnoException {
    return attributes.answer(paths.node(path), stat);
  }

  int readlink(long path, long buffer, long size) throws ErrnoException {
    byte[] target = fs.readlink(paths.node(path));
    int length = (int) Math.min(target.length, size - 1);
    NativeMemory.putBytes(buffer, target, 0, length);
    NativeMemory.putByte(buffer + length, (byte) 0);
    return 0;
  }

  int mknod(long path, int mode, long rdev) throws ErrnoException {
    Place at = paths.newPlace(path);
    acl.forget(fs.mknod(at.parent(), at.name(), mode, rdev, caller(library), null));
    return 0;
  }

  int mkdir(long path, int mode) throws ErrnoException {
    Place at = paths.newPlace(path);
    acl.forget(fs.mkdir(at.parent(), at.name(), mode & 07777, caller(library), null));
    return 0;
  }

  int symlink(long target, long path) throws ErrnoException {
    Place at = paths.newPlace(path);
    fs.symlink(at.parent(), at.name(), text(target), caller(library), null);
    return 0;
  }

  int link(long from, long to) throws ErrnoException {
    Node node = paths.node(from);
    Place at = paths.newPlace(to);
    linked.add(node.ino());
    fs.link(node, at.parent(), at.name());
    // The reply has the new name's attributes; those of the old one's inode have changed as well.
    invalidation.attributes(RequestThread.currentLinkSource());
    return 0;
  }

  int unlink(long path) throws ErrnoException {
    Place at = paths.place(path);
    if (RequestThread.currentOpcode() == RequestThread.UNLINK) {
      fs.unlink(at.parent(), at.name());
    } else {
      hidden.remove(at.parent(), at.name()); // libfuse cleans up after the last close
    }
    return 0;
  }

  int rmdir(long path) throws ErrnoException {
    Place at = paths.place(path);
    fs.rmdir(at.parent(), at.name());
    return 0;
  }

  /** A rename, or libfuse's preparation of an unlink or rename that takes an open file's name. */
  int rename(long from, long to) throws ErrnoException {
    Place source = paths.place(from);
    Place target = paths.place(to);
    switch (RequestThread.currentOpcode()) {
      case RequestThread.UNLINK -> {
        Node node = existing(source);
        hidden.add(target.parent(), target.name(), node);
        unlinkHidden(source, target);
        hidden.forget(node); // its last handle may be closed by now, unseen by libfuse
        return 0;
      }
      case RequestThread.RENAME -> {
        if (!RequestThread.isRenameTarget(target.name())) {
          // The name is taken by the rename itself, which follows: nobody sees it missing.
          Node node = existing(source);
          hidden.add(target.parent(), target.name(), node);
          hidden.forget(node);
          return 0;
        }
      }
      default -> {
        // No other request renames.
      }
    }
    if (hidden.find(target.parent(), target.name()) != null) {
      throw ErrnoException.of(Errno.EBUSY);
    }
    fs.rename(source.parent(), source.name(), target.parent(), target.name(), 0);
    return 0;
  }

  private void unlinkHidden(Place source, Place target) throws ErrnoException {
    boolean done = false;
    try {
      fs.unlink(source.parent(), source.name());
      done = true;
    } finally {
      if (!done) {
        hidden.remove(target.parent(), target.name());
      }
    }
  }

  private Node existing(Place place) throws ErrnoException {
    Node node = fs.lookup(place.parent(), place.name());
    if (node == null) {
      throw ErrnoException.of(Errno.ENOENT);
    }
    return node;
  }

  int chmod(long path, int mode) throws ErrnoException {
    Node node = paths.node(path);
    SetAttr change = new SetAttr();
    change.valid = SetAttr.MODE;
    change.mode = acl.widen(node, mode) & 07777;
    fs.setattr(node, change, caller(library));
    return 0;
  }

  int chown(long path, int uid, int gid) throws ErrnoException {
    SetAttr change = new SetAttr();
    if (uid != -1) {
      change.valid |= SetAttr.UID;
      change.uid = uid;
    }
    if (gid != -1) {
      change.valid |= SetAttr.GID;
      change.gid = gid;
    }
    fs.setattr(paths.node(path), change, caller(library));
    return 0;
  }

  int truncate(long path, long size) throws ErrnoException {
    fs.setattr(paths.node(path), size(size), caller(library));
    return 0;
  }

  /** The change of a file's size. */
  static SetAttr size(long size) {
    SetAttr change = new SetAttr();
    change.valid = SetAttr.SIZE;
    change.size = size;
    return change;
  }

  /** Times; {@code flag_utime_omit_ok} lets {@code UTIME_NOW} and {@code UTIME_OMIT} through. */
  int utimens(long path, long times) throws ErrnoException {
    long second = times + TimespecAt.SIZE;
    SetAttr change = new SetAttr();
    change.atime = NativeMemory.getLong(times + TimespecAt.SEC);
    change.atimeNsec = (int) NativeMemory.getLong(times + TimespecAt.NSEC);
    change.mtime = NativeMemory.getLong(second + TimespecAt.SEC);
    change.mtimeNsec = (int) NativeMemory.getLong(second + TimespecAt.NSEC);
    change.valid =
        (change.atimeNsec == Linux.UTIME_OMIT ? 0 : SetAttr.ATIME)
            | (change.mtimeNsec == Linux.UTIME_OMIT ? 0 : SetAttr.MTIME);
    fs.setattr(paths.node(path), change, caller(library));
    return 0;
  }

  /** The bytes of a C string. */
  static byte[] text(long address) {
    int length = 0;
    while (NativeMemory.getByte(address + length) != 0) {
      length++;
    }
    byte[] bytes = new byte[length];
    NativeMemory.getBytes(address, bytes, 0, length);
    return bytes;
  }

  /** A C string as a name. */
  static Name name(long address) {
    return Name.of(text(address));
  }
}
