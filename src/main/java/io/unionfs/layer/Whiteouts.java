package io.unionfs.layer;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import org.jspecify.annotations.Nullable;

/*
 * A whiteout under the name itself (a device, or a file with an xattr) is an entry that takes the
 * name's place. One beside it (.wh.NAME) hides the name in the layers below and leaves an entry of its
 * own layer alone, so it is never removed: it is written before the entry goes, and what is made under
 * the name later covers it.
 */
/** The whiteouts of a mount's layers: what counts as one, and the making of new ones. */
public final class Whiteouts {
  private static final Name TRUSTED_WHITEOUT = Name.of("trusted.overlay.whiteout");
  private static final Name USER_WHITEOUT = Name.of("user.overlay.whiteout");
  private static final Name DOT_PREFIX = Name.of(".wh.");
  private static final Name DOT_SPECIAL = Name.of(".wh..wh.");
  private static final Name DOT_OPAQUE = Name.of(".wh..wh..opq");
  private static final int NAME_MAX = 255;
  private static final byte[] YES = {'y'};

  private final Sys sys;
  private final WhiteoutFormat format;
  private final boolean dotNames;
  private final Name xattr;

  /**
   * @param format what is written
   * @param dotNames whether {@code .wh.} names are marks in every layer, and not ordinary names
   * @param xattrPrefix the prefix of the xattrs that are written
   */
  Whiteouts(Sys sys, WhiteoutFormat format, boolean dotNames, Name xattrPrefix) {
    this.sys = sys;
    this.format = format;
    this.dotNames = dotNames;
    this.xattr = xattrPrefix.concat(Name.of("whiteout"));
  }

  public WhiteoutFormat format() {
    return format;
  }

  /** Whether an object of a layer declares its name deleted in the layers below. */
  public boolean isWhiteout(LayerDir dir, Name name, Stat stat) throws ErrnoException {
    if (stat.isWhiteoutDevice()) {
      return true;
    }
    if (!dir.layer().xattrWhiteouts() || !stat.isRegular() || stat.size != 0) {
      return false;
    }
    SharedFd fd = dir.pin();
    try {
      return Marks.isListed(sys, fd.fd(), name, TRUSTED_WHITEOUT)
          || Marks.isListed(sys, fd.fd(), name, USER_WHITEOUT);
    } finally {
      fd.unpin();
    }
  }

  /** Whether an entry of a directory can be a whiteout, so that a closer look is needed. */
  public static boolean mayBeWhiteout(Layer layer, int type) {
    return type == Linux.DT_CHR
        || type == Linux.DT_UNKNOWN
        || (type == Linux.DT_REG && layer.xattrWhiteouts());
  }

  /** Whether a name is a mark in this mount, and never shown or made. */
  public boolean isReserved(Name name) {
    return dotNames && name.startsWith(DOT_PREFIX);
  }

  /** The name that a reserved one hides in the layers below; null for marks of other meaning. */
  public @Nullable Name hiddenBy(Name reserved) {
    return reserved.startsWith(DOT_SPECIAL) || reserved.length() == DOT_PREFIX.length()
        ? null
        : reserved.substring(DOT_PREFIX.length());
  }

  /** Whether a layer has a mark beside a name that hides it in the layers below. */
  public boolean hidesBelow(LayerDir dir, Name name) throws ErrnoException {
    if (!canStandBeside(name)) {
      return false;
    }
    int errno = dir.tryStat(DOT_PREFIX.concat(name), new Stat());
    if (errno != 0 && errno != Errno.ENOENT) {
      throw ErrnoException.of(errno);
    }
    return errno == 0;
  }

  /** The same in a directory that is open. */
  public boolean hidesBelow(int dirFd, Name name) throws ErrnoException {
    if (!canStandBeside(name)) {
      return false;
    }
    int errno = sys.tryStatx(dirFd, DOT_PREFIX.concat(name), new Stat());
    if (errno != 0 && errno != Errno.ENOENT) {
      throw ErrnoException.of(errno);
    }
    return errno == 0;
  }

  /** The entry that would hide a name from beside it; null where there can be none. */
  public @Nullable Name beside(Name name) {
    return canStandBeside(name) ? DOT_PREFIX.concat(name) : null;
  }

  /** The entry that makes a directory opaque, where it has one; else null. */
  public @Nullable Name opaqueEntry(LayerDir dir) throws ErrnoException {
    return isOpaque(dir) ? DOT_OPAQUE : null;
  }

  private boolean canStandBeside(Name name) {
    return dotNames && name.length() <= NAME_MAX - DOT_PREFIX.length();
  }

  /** Whether a directory holds the mark that nothing of the layers below shows through. */
  boolean isOpaque(LayerDir dir) throws ErrnoException {
    if (!dotNames) {
      return false;
    }
    int errno = dir.tryStat(DOT_OPAQUE, new Stat());
    if (errno != 0 && errno != Errno.ENOENT) {
      throw ErrnoException.of(errno);
    }
    return errno == 0;
  }

  /**
   * Whether the whiteout of a name is written beside it. A name that is too long for that gets one
   * in its place.
   */
  public boolean standsBeside(Name name) {
    return format == WhiteoutFormat.AUFS && canStandBeside(name);
  }

  /** Writes a whiteout beside a name, where there is none yet. */
  public void placeBeside(int dirFd, Name name) throws ErrnoException {
    makeEmpty(dirFd, DOT_PREFIX.concat(name));
  }

  private void makeEmpty(int dirFd, Name name) throws ErrnoException {
    int fd = sys.tryOpenat(dirFd, name, Linux.O_CREAT | Linux.O_EXCL | Linux.O_WRONLY, 0444);
    if (fd >= 0) {
      sys.close(fd);
    } else if (fd != -Errno.EEXIST) {
      throw ErrnoException.of(-fd);
    }
  }

  /** Declares a directory opaque by a file in it. */
  void setOpaque(int dirFd, Name name) throws ErrnoException {
    int flags = Linux.O_PATH | Linux.O_DIRECTORY | Linux.O_NOFOLLOW;
    int fd = sys.openat(dirFd, name, flags, 0);
    try {
      makeEmpty(fd, DOT_OPAQUE);
    } finally {
      sys.close(fd);
    }
  }

  /**
   * Makes a whiteout that takes a name's place: a device, which any process may make since Linux
   * 5.8, or an empty file with an xattr.
   */
  public void make(int dirFd, Name name) throws ErrnoException {
    if (format != WhiteoutFormat.XATTR) {
      sys.mknodat(dirFd, name, Linux.S_IFCHR, 0);
      return;
    }
    sys.close(sys.openat(dirFd, name, Linux.O_CREAT | Linux.O_EXCL | Linux.O_WRONLY, 0600));
    sys.setxattrat(dirFd, name, xattr, YES, 0);
  }

  /** Whether the host lets this process make devices 0:0 in a directory. */
  static boolean canMakeDevices(Sys sys, int dirFd) throws ErrnoException {
    Name probe = Name.of("#whiteout");
    try {
      sys.mknodat(dirFd, probe, Linux.S_IFCHR, 0);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EPERM
          || e.errno() == Errno.EOPNOTSUPP
          || e.errno() == Errno.EINVAL
          || e.errno() == Errno.ENOSYS) {
        return false;
      }
      throw e;
    }
    sys.unlinkat(dirFd, probe, 0);
    return true;
  }
}
