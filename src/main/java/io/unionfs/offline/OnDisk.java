package io.unionfs.offline;

import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.layer.Whiteouts;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The marks that an object of a layer has, in the form that they have on disk. */
final class OnDisk {
  private OnDisk() {}

  static List<OnDiskMark> marks(Marks marks, LayerDir dir, Name name, @Nullable Stat stat)
      throws ErrnoException {
    List<OnDiskMark> found = new ArrayList<>();
    Whiteouts whiteouts = marks.whiteouts();
    if (stat != null && stat.isWhiteoutDevice()) {
      found.add(new OnDiskMark(OnDiskMark.Form.DEVICE, name, null));
    }
    Name beside = whiteouts.beside(name);
    if (beside != null && whiteouts.hidesBelow(dir, name)) {
      found.add(new OnDiskMark(OnDiskMark.Form.ENTRY, beside, null));
    }
    if (stat == null) {
      return found;
    }
    if (stat.isDirectory()) {
      Name inside = whiteouts.opaqueEntry(dir.child(name, stat));
      if (inside != null) {
        found.add(new OnDiskMark(OnDiskMark.Form.ENTRY, inside, null));
      }
    }
    addXattrs(dir, name, found);
    return found;
  }

  private static void addXattrs(LayerDir dir, Name name, List<OnDiskMark> found)
      throws ErrnoException {
    SharedFd fd = dir.pin();
    try {
      for (Name xattr : Marks.split(dir.sys().listxattrat(fd.fd(), name))) {
        if (Marks.isPrivate(xattr)) {
          found.add(new OnDiskMark(OnDiskMark.Form.XATTR, xattr, value(dir, fd.fd(), name, xattr)));
        }
      }
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EOPNOTSUPP) {
        throw e;
      }
    } finally {
      fd.unpin();
    }
  }

  private static byte @Nullable [] value(LayerDir dir, int fd, Name name, Name xattr)
      throws ErrnoException {
    try {
      return dir.sys().getxattrat(fd, name, xattr);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EACCES || e.errno() == Errno.EPERM) {
        return null;
      }
      throw e;
    }
  }
}
