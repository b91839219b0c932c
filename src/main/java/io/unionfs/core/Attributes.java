package io.unionfs.core;

import io.unionfs.core.FileNode.Link;
import io.unionfs.core.FileNode.Placement;
import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.OwnerOverride;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import java.time.Instant;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/** The attributes of nodes. */
final class Attributes {
  private final UnionState union;
  private final Places places;
  private final CopyUp copyUp;
  private final FileData data;
  private final Listings listings;
  private final Protection protection;
  private final ShownOwners owners;
  private final boolean anyMapped;

  Attributes(
      UnionState union,
      Places places,
      CopyUp copyUp,
      FileData data,
      Listings listings,
      Protection protection) {
    this.union = union;
    this.places = places;
    this.copyUp = copyUp;
    this.data = data;
    this.listings = listings;
    this.protection = protection;
    this.owners = union.options().owners();
    this.anyMapped = union.lowers().stream().anyMatch(Layer::idMapped);
  }

  /** What the union shows of a node. */
  void show(Node node, Stat out) throws ErrnoException {
    boolean mapped;
    do {
      mapped = hasMappedIds(node);
      get(node, out);
    } while (mapped != hasMappedIds(node)); // it was copied up meanwhile
    showOwners(node, mapped, out);
  }

  /** The same, from what the host says of its present object. */
  void showKnown(Node node, Stat host) throws ErrnoException {
    if (anyMapped) {
      show(node, host); // it may have been copied up since
    } else {
      adjust(node, host);
      showOwners(node, false, host);
    }
  }

  private void showOwners(Node node, boolean mapped, Stat out) {
    if (mapped) {
      owners.showMapped(out);
    } else if (node == union.root()) {
      owners.showRoot(out);
    } else {
      owners.show(out);
    }
  }

  /** Whether the host tells the owners of a node's present object as they are to be shown. */
  private boolean hasMappedIds(Node node) {
    if (!anyMapped) {
      return false;
    }
    if (node instanceof FileNode file) {
      return !file.copiedUp() && file.requireLower().dir().layer().idMapped();
    }
    return ((DirNode) node).top().layer().idMapped();
  }

  /** The reading of an ACL. */
  interface AclReader {
    byte @Nullable [] read() throws ErrnoException;
  }

  /** An ACL of a node as it is shown; null where there is none. */
  byte @Nullable [] showAcl(Node node, AclReader host) throws ErrnoException {
    boolean mapped;
    byte[] acl;
    do {
      mapped = hasMappedIds(node);
      acl = host.read();
    } while (mapped != hasMappedIds(node)); // it was copied up meanwhile
    return mapped || acl == null ? acl : owners.shownAcl(acl);
  }

  private void get(Node node, Stat out) throws ErrnoException {
    if (node instanceof FileNode file) {
      getFile(file, out);
      return;
    }
    DirNode dir = (DirNode) node;
    LayerDir top = dir.top();
    try {
      boolean plain = dir.orphan() == null && !top.covered();
      if (!plain || !tryAt(dir, top, Name.DOT, out)) {
        places.run(dir, host -> host.stat(out));
      }
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ESTALE || dir.top() == top) {
        throw e;
      }
      places.run(dir, host -> host.stat(out)); // its upper was discarded meanwhile
    }
    adjust(dir, out);
  }

  /* A copy-up in between would add the copy's names to the links of the lower file. */
  private void getFile(FileNode file, Stat out) throws ErrnoException {
    Placement before;
    do {
      before = file.placement();
      if (!tryByName(file, before, out)) {
        places.run(file, host -> counted(file, host.fd(), host.name(), host.owners(), out));
      }
    } while (file.copiedUp() != before.copiedUp());
    out.ino = file.ino();
    Place data = file.data();
    if (data != null) {
      Stat below = new Stat();
      if (data.dir().tryStat(data.name(), below) == 0) {
        out.blocks = below.blocks;
      }
    }
  }

  /*
   * What most requests want, without the objects that Places makes for its actions. False where it
   * takes more than a name: what has none, and what is in a directory that its mode closes.
   */
  private boolean tryByName(FileNode file, Placement placement, Stat out) throws ErrnoException {
    if (!placement.copiedUp()) {
      Place lower = file.requireLower();
      return tryAt(file, lower.dir(), lower.name(), out);
    }
    Link link = Places.upperLink(placement);
    if (link == null) {
      return false;
    }
    union.locks().lockRead(link.parent());
    try {
      Link now = file.placement().linkAt(link.parent(), link.name());
      return now != null
          && now.inUpper()
          && tryAt(file, link.parent().requireUpper(), link.name(), out);
    } finally {
      union.locks().unlockRead(link.parent());
    }
  }

  private boolean tryAt(Node node, LayerDir dir, Name name, Stat out) throws ErrnoException {
    SharedFd fd = dir.pin();
    try {
      OwnerOverride owners = dir.layer().ownerOverride();
      if (node instanceof FileNode file) {
        counted(file, fd.fd(), name, owners, out);
      } else {
        HostFile.stat(union.sys(), fd.fd(), name, owners, out);
      }
      return true;
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EACCES) {
        throw e;
      }
      return false;
    } finally {
      fd.unpin();
    }
  }

  private void counted(
      FileNode file, int fd, @Nullable Name name, @Nullable OwnerOverride owners, Stat out)
      throws ErrnoException {
    Lock counting = union.locks().linkCount(file).readLock();
    counting.lock();
    try {
      HostFile.stat(union.sys(), fd, name, owners, out);
      requireType(file, out);
      out.nlink = linkCount(file, out.nlink);
    } finally {
      counting.unlock();
    }
  }

  private void adjust(Node node, Stat out) throws ErrnoException {
    requireType(node, out);
    out.ino = node.ino();
    if (node instanceof DirNode dir) {
      boolean counted = !union.options().staticNlink() || dir.isRemoved();
      out.nlink = counted ? listings.linkCount(dir, out) : 1;
    } else if (node instanceof FileNode file) {
      if (file.index() != null) {
        getFile(file, out); // the count goes with the moment at which it was read
      } else {
        out.nlink = file.hasNoName() ? 0 : out.nlink;
      }
    }
  }

  private static void requireType(Node node, Stat out) throws ErrnoException {
    if (out.type() != node.type()) {
      throw ErrnoException.of(Errno.ESTALE); // a layer was changed behind the mount
    }
  }

  private static int linkCount(FileNode file, int host) {
    if (file.hasNoName()) {
      return 0;
    }
    return file.index() == null ? host : Math.max(0, host + file.nlinkDifference());
  }

  void set(Node node, SetAttr change) throws ErrnoException {
    union.requireWritable();
    if (change.has(SetAttr.MODE) && node.type() == Linux.S_IFLNK) {
      throw ErrnoException.of(Errno.EOPNOTSUPP);
    }
    requireAllowed(node, change);
    boolean root = node == union.root();
    SetAttr stored = root ? owners.storedRoot(change) : owners.stored(change);
    if (change.has(SetAttr.SIZE)) {
      if (!(node instanceof FileNode file)) {
        throw ErrnoException.of(Errno.EISDIR);
      }
      data.truncate(file, change.size, change.killPrivileges);
    }
    if (!change.has(SetAttr.MODE | SetAttr.UID | SetAttr.GID | SetAttr.ATIME | SetAttr.MTIME)) {
      return;
    }
    if (node instanceof DirNode dir) {
      copyUp.directory(dir);
    } else if (node instanceof FileNode file) {
      copyUp.file(file);
    }
    places.run(node, host -> apply(host, stored));
  }

  private void requireAllowed(Node node, SetAttr change) throws ErrnoException {
    boolean setsTimes =
        (change.has(SetAttr.ATIME) && change.atimeNsec != Linux.UTIME_NOW)
            || (change.has(SetAttr.MTIME)
                && change.mtimeNsec != Linux.UTIME_NOW
                && !change.afterWrite);
    if (setsTimes || change.has(SetAttr.MODE | SetAttr.UID | SetAttr.GID)) {
      protection.requireChangeable(node);
    } else {
      protection.requireAppendable(node);
    }
  }

  /** Takes the set-group-id bit from a node of the upper. */
  void clearSetgid(Node node) throws ErrnoException {
    Stat stat = new Stat();
    places.run(
        node,
        host -> {
          host.stat(stat);
          if ((stat.mode & Linux.S_ISGID) != 0) {
            host.chmod(stat.permissions() & ~Linux.S_ISGID);
          }
        });
  }

  /* Owner before mode: chown(2) clears set-id bits. */
  private void apply(HostFile host, SetAttr change) throws ErrnoException {
    if (change.has(SetAttr.UID | SetAttr.GID)) {
      owners.chown(
          host,
          change.has(SetAttr.UID) ? change.uid : -1,
          change.has(SetAttr.GID) ? change.gid : -1);
    }
    if (change.has(SetAttr.MODE)) {
      host.chmod(change.mode & 07777);
    }
    if (change.has(SetAttr.ATIME | SetAttr.MTIME)) {
      setTimes(host, change);
    }
  }

  /*
   * What a kernel that keeps times asks for as "both now" has a time of its own for one of them, which the host only
   * lets owners set, and nobody on an append-only file.
   */
  private static void setTimes(HostFile host, SetAttr change) throws ErrnoException {
    try {
      host.utimens(
          change.atime,
          change.has(SetAttr.ATIME) ? change.atimeNsec : Linux.UTIME_OMIT,
          change.mtime,
          change.has(SetAttr.MTIME) ? change.mtimeNsec : Linux.UTIME_OMIT);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EPERM || !isTouch(change)) {
        throw e;
      }
      host.utimens(0, Linux.UTIME_NOW, 0, Linux.UTIME_NOW);
    }
  }

  private static boolean isTouch(SetAttr change) {
    return change.afterWrite
        && change.has(SetAttr.ATIME)
        && change.has(SetAttr.MTIME)
        && change.atimeNsec == Linux.UTIME_NOW
        && Math.abs(change.mtime - Instant.now().getEpochSecond()) <= 1;
  }
}
