package io.unionfs.core;

import io.unionfs.layer.Marks;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The copying of owner, mode, extended attributes with ACLs and capabilities, and times. */
final class MetadataCopy {
  private static final Logger log = LoggerFactory.getLogger(MetadataCopy.class);
  private static final Name SECURITY = Name.of("security.");
  private static final Name ACL = Name.of("system.posix_acl_");

  private MetadataCopy() {}

  /** Gives a copy everything but the data of what it is a copy of. */
  static void copy(HostFile from, Stat stat, HostFile to, CopiedOwners owners)
      throws ErrnoException {
    Stat made = new Stat();
    to.stat(made);
    begin(from, stat, to, made, owners, false);
    finish(stat, to);
  }

  /*
   * Owner first: chown(2) clears set-id bits and capabilities. A mode that keeps the owner out comes
   * last: an owner without privileges may not set xattrs then.
   */
  /**
   * Gives a copy owner and xattrs, and a mode with which its owner may still mark it.
   *
   * @param stat the attributes of {@code from}, without set-id bits afterwards if they are not for
   *     the copy
   * @param made the attributes that {@code to} was made with
   * @param plain whether it is known that there are no xattrs
   */
  static void begin(
      HostFile from, Stat stat, HostFile to, Stat made, CopiedOwners owners, boolean plain)
      throws ErrnoException {
    int uid = owners.user(stat);
    int gid = owners.group(stat);
    int mode = stat.permissions() | ownersRights(stat);
    if (!to.own(made, uid, gid, mode, owners.shown())) {
      stat.mode &= ~HostFile.SET_ID; // they would give another user's rights
    }
    if (!plain) {
      copyXattrs(from, to, owners);
    }
  }

  /** Gives a copy its mode and times. */
  static void finish(Stat stat, HostFile to) throws ErrnoException {
    int needed = ownersRights(stat);
    if ((stat.mode & needed) != needed) {
      to.chmod(stat.permissions());
    }
    to.utimens(stat.atime, stat.atimeNsec, stat.mtime, stat.mtimeNsec);
  }

  private static int ownersRights(Stat stat) {
    if (stat.isDirectory()) {
      return 0700;
    }
    return stat.isRegular() ? 0600 : 0;
  }

  private static void copyXattrs(HostFile from, HostFile to, CopiedOwners owners)
      throws ErrnoException {
    byte[] list;
    try {
      list = from.listxattr();
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EOPNOTSUPP) {
        return;
      }
      throw e;
    }
    for (Name xattr : Marks.split(list)) {
      if (Marks.isPrivate(xattr)) {
        continue;
      }
      byte[] value = from.getxattr(xattr);
      if (value != null) {
        copyXattr(to, xattr, xattr.startsWith(ACL) ? owners.acl(value) : value);
      }
    }
  }

  /*
   * As kernel overlayfs: what the upper's file system has no room for by its nature is left behind,
   * but an ACL or a capability never is, unless the process may not set it at all.
   */
  private static void copyXattr(HostFile to, Name xattr, byte[] value) throws ErrnoException {
    try {
      to.setxattr(xattr, value, 0);
    } catch (ErrnoException e) {
      boolean security = xattr.startsWith(SECURITY);
      boolean unsupported = e.errno() == Errno.EOPNOTSUPP;
      boolean notOurs = e.errno() == Errno.EPERM && security;
      if (notOurs || (unsupported && !security && !xattr.startsWith(ACL))) {
        log.warn("copy-up leaves xattr {} behind: {}", xattr, e.getMessage());
        return;
      }
      throw e;
    }
  }
}
