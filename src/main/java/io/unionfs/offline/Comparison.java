package io.unionfs.offline;

import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.layer.OwnerOverride;
import io.unionfs.offline.FileContent.Meter;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/*
 * Data are taken to differ where size or modification time do, as rsync takes them; or they are read.
 * Time stamps by themselves are no change: every entry that is made in a directory changes the
 * directory's, and a file that was only opened for writing and written with what it had has a new one.
 */
/** In what ways two objects differ. */
final class Comparison {
  private final boolean readsContent;
  private final Meter meter;

  Comparison(boolean readsContent, Meter meter) {
    this.readsContent = readsContent;
    this.meter = meter;
  }

  Set<Aspect> aspects(Side before, Side after) throws ErrnoException {
    Set<Aspect> aspects = EnumSet.noneOf(Aspect.class);
    Stat old = before.stat();
    Stat now = after.stat();
    if (before.isSame(after)) {
      return aspects;
    }
    if (old.type() != now.type()) {
      aspects.add(Aspect.TYPE);
      return aspects;
    }
    if (now.isRegular() && differ(before, after)) {
      aspects.add(Aspect.CONTENT);
    }
    if (now.isSymlink() && !before.target().equals(after.target())) {
      aspects.add(Aspect.TARGET);
    }
    if (old.rdev != now.rdev) {
      aspects.add(Aspect.DEVICE);
    }
    if (old.permissions() != now.permissions()) {
      aspects.add(Aspect.MODE);
    }
    if (old.uid != now.uid || old.gid != now.gid) {
      aspects.add(Aspect.OWNER);
    }
    if (!sameXattrs(before, after)) {
      aspects.add(Aspect.XATTRS);
    }
    return aspects;
  }

  private boolean differ(Side before, Side after) throws ErrnoException {
    Stat old = before.stat();
    Stat now = after.stat();
    if (old.size != now.size) {
      return true;
    }
    boolean sameTime = old.mtime == now.mtime && old.mtimeNsec == now.mtimeNsec;
    if (!readsContent) {
      return !sameTime;
    }
    return !new FileContent(before.data()).isSame(new FileContent(after.data()), meter);
  }

  private static boolean sameXattrs(Side before, Side after) throws ErrnoException {
    Set<Name> old = shown(before);
    if (!old.equals(shown(after))) {
      return false;
    }
    for (Name xattr : old) {
      if (!Arrays.equals(value(before, xattr), value(after, xattr))) {
        return false;
      }
    }
    return true;
  }

  /* By the names in the union. */
  private static Set<Name> shown(Side side) throws ErrnoException {
    Set<Name> shown = new TreeSet<>();
    LayerDir dir = side.dir();
    OwnerOverride owners = dir.layer().ownerOverride();
    SharedFd fd = dir.pin();
    try {
      byte[] listed = dir.sys().listxattrat(fd.fd(), side.name());
      for (Name onDisk : Marks.split(owners == null ? listed : owners.listed(listed))) {
        Name name = Marks.toUnion(onDisk);
        if (name != null) {
          shown.add(name);
        }
      }
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EOPNOTSUPP) {
        throw e;
      }
    } finally {
      fd.unpin();
    }
    return shown;
  }

  private static byte @Nullable [] value(Side side, Name shown) throws ErrnoException {
    Name onDisk = Marks.toDisk(shown);
    if (onDisk == null) {
      return null;
    }
    LayerDir dir = side.dir();
    OwnerOverride owners = dir.layer().ownerOverride();
    SharedFd fd = dir.pin();
    try {
      return owners == null
          ? dir.sys().getxattrat(fd.fd(), side.name(), onDisk)
          : owners.getxattr(fd.fd(), side.name(), onDisk);
    } finally {
      fd.unpin();
    }
  }
}
