package io.unionfs.layer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Who may neither chown(2) nor mknod(2) keeps what an image says of its files in an xattr of each, as
 * containers/storage and fuse-overlayfs do; fifos, sockets and devices are regular files then. A layer
 * is of this kind if its root has the xattr. A file without it is shown as it is. Symbolic links, and
 * special files that are real ones, cannot have user.* xattrs and are shown as they are too.
 *
 * The host's own mode of such an object only has to let the server in; it gives others at most what
 * the shown one does, and never write access or set-id bits.
 *
 * With user.containers.override_stat, security.* xattrs are kept under user.containers.override_ as
 * well, because their names mean something to the host and are not the server's to set.
 */
/** Owner, mode and type that a layer keeps in an xattr of each of its files. */
public final class OwnerOverride {
  private static final Logger log = LoggerFactory.getLogger(OwnerOverride.class);

  private static final Name PRIVILEGED = Name.of("security.fuseoverlayfs.override_stat");
  private static final Name CONTAINERS = Name.of("user.containers.override_stat");
  private static final Name FUSE_OVERLAYFS = Name.of("user.fuseoverlayfs.override_stat");
  private static final Name ESCAPE = Name.of("user.containers.override_");
  private static final Name SECURITY = Name.of("security.");
  private static final Name ESCAPED_SECURITY = ESCAPE.concat(SECURITY);
  private static final Name CAPABILITY = Name.of("security.capability");
  private static final Name ACCESS_ACL = Name.of("system.posix_acl_access");

  private static final int OVERFLOW_ID = 65534;

  private final Sys sys;
  private final Name xattr;
  private final boolean privileged;
  private final boolean escapes;

  /* Held from reading what an object is shown as to writing it changed. A leaf, but for these calls. */
  private final ReentrantLock changes = new ReentrantLock();

  private OwnerOverride(Sys sys, Name xattr) {
    this.sys = sys;
    this.xattr = xattr;
    this.privileged = xattr.equals(PRIVILEGED);
    this.escapes = xattr.equals(CONTAINERS);
  }

  /** What a layer uses, by its root; null if nothing. */
  static @Nullable OwnerOverride ofRoot(Sys sys, int rootFd) throws ErrnoException {
    for (Name candidate : List.of(PRIVILEGED, CONTAINERS, FUSE_OVERLAYFS)) {
      if (valueOrNull(sys, rootFd, candidate) != null) {
        return new OwnerOverride(sys, candidate);
      }
    }
    return null;
  }

  private static byte @Nullable [] valueOrNull(Sys sys, int rootFd, Name candidate)
      throws ErrnoException {
    try {
      return sys.getxattrat(rootFd, Name.DOT, candidate);
    } catch (ErrnoException e) {
      boolean unreadable =
          e.errno() == Errno.EOPNOTSUPP || e.errno() == Errno.EPERM || e.errno() == Errno.EACCES;
      if (unreadable) {
        return null;
      }
      throw e;
    }
  }

  /**
   * Makes an upper layer keep owners in xattrs, as fuse-overlayfs's option of that name: its root
   * gets the xattr, with what the topmost lower of this kind says, else with what the root is.
   *
   * @param permissions 1 for {@code security.fuseoverlayfs.override_stat}, 2 for {@code
   *     user.containers.override_stat} or, where the root has it, {@code
   *     user.fuseoverlayfs.override_stat}
   * @throws ErrnoException {@code EPERM}, {@code EOPNOTSUPP} where such xattrs cannot be set
   */
  public static OwnerOverride start(Sys sys, int permissions, Layer upper, List<Layer> lowers)
      throws ErrnoException {
    OwnerOverride present = upper.ownerOverride();
    if (present != null && present.privileged == (permissions == 1)) {
      return present;
    }
    OwnerOverride started = new OwnerOverride(sys, permissions == 1 ? PRIVILEGED : CONTAINERS);
    Stat root = new Stat();
    upper.root().stat(root);
    for (Layer lower : lowers) {
      if (lower.ownerOverride() != null) {
        lower.root().stat(root);
        break;
      }
    }
    var fd = upper.root().pin();
    try {
      started.declare(fd.fd(), Name.DOT, root);
    } finally {
      fd.unpin();
    }
    return started;
  }

  /** Whether an xattr of a layer is one of these, or kept in place of another. */
  static boolean isMark(Name onDisk) {
    return onDisk.startsWith(ESCAPE) || onDisk.equals(PRIVILEGED);
  }

  /**
   * Whether a server that is root may believe what the xattrs say: {@code user.*} are their files'
   * owners' to write, who could so make a file root's, set-user-id, or a device. 65534 is root
   * outside of a user namespace.
   *
   * @param owner the host's owner of the layer's root, who had to make it such a layer
   */
  public boolean isTrustworthy(int owner) {
    return privileged || OwnProcess.geteuid() != 0 || owner == 0 || owner == OVERFLOW_ID;
  }

  /** The xattr's name, for messages. */
  public Name xattr() {
    return xattr;
  }

  private boolean carries(Stat host) {
    return host.isRegular() || host.isDirectory() || (privileged && !host.isWhiteoutDevice());
  }

  /**
   * Makes the host's attributes of an object those that are shown.
   *
   * @param name null for the object that {@code fd} is
   * @throws ErrnoException {@code EIO} where the xattr makes no sense
   */
  public void apply(int fd, @Nullable Name name, Stat stat) throws ErrnoException {
    if (!carries(stat)) {
      return;
    }
    byte[] value = get(fd, name, xattr);
    if (value == null) {
      return;
    }
    OwnerStat said = OwnerStat.parse(value);
    if (said == null || !said.fits(stat.type())) {
      log.warn(
          "{} of {} makes no sense: {}",
          xattr,
          name == null ? "a removed file" : name,
          Name.of(value));
      throw ErrnoException.of(Errno.EIO);
    }
    said.applyTo(stat);
  }

  /** As chmod(2). */
  public void chmod(int fd, @Nullable Name name, int mode) throws ErrnoException {
    changes.lock();
    try {
      Stat shown = shown(fd, name);
      shown.mode = shown.type() | (mode & 07777);
      declareLocked(fd, name, shown);
    } finally {
      changes.unlock();
    }
  }

  /** As chown(2), which takes set-id bits and capabilities from files; -1 leaves an id as it is. */
  public void chown(int fd, @Nullable Name name, int uid, int gid) throws ErrnoException {
    changes.lock();
    try {
      Stat shown = shown(fd, name);
      shown.uid = uid == -1 ? shown.uid : uid;
      shown.gid = gid == -1 ? shown.gid : gid;
      if (!shown.isDirectory() && !shown.isSymlink()) {
        boolean groupExecutes = (shown.mode & 010) != 0;
        shown.mode &= ~(Linux.S_ISUID | (groupExecutes ? Linux.S_ISGID : 0));
        dropCapability(fd, name);
      }
      declareLocked(fd, name, shown);
    } finally {
      changes.unlock();
    }
  }

  /** Sets owner, mode, type and device number at once. */
  public void declare(int fd, @Nullable Name name, Stat shown) throws ErrnoException {
    changes.lock();
    try {
      declareLocked(fd, name, shown);
    } finally {
      changes.unlock();
    }
  }

  @GuardedBy("changes")
  private void declareLocked(int fd, @Nullable Name name, Stat shown) throws ErrnoException {
    Stat host = host(fd, name);
    if (!carries(host)) {
      declareReal(fd, name, host, shown);
      return;
    }
    set(fd, name, xattr, OwnerStat.format(shown));
    if (!host.isSymlink()) {
      int access = host.isDirectory() ? 0700 : 0600;
      int wanted = (shown.permissions() & 0755) | access;
      if (host.permissions() != wanted) {
        chmodHost(fd, name, wanted);
      }
    }
  }

  /* As fuse-overlayfs: the owner of a link decides nothing, and chown -R must go on. */
  private void declareReal(int fd, @Nullable Name name, Stat host, Stat shown)
      throws ErrnoException {
    try {
      if (host.uid != shown.uid || host.gid != shown.gid) {
        chownHost(fd, name, shown.uid, shown.gid);
      }
    } catch (ErrnoException e) {
      if (!host.isSymlink() || e.errno() != Errno.EPERM) {
        throw e;
      }
    }
    if (!host.isSymlink()) {
      chmodHost(fd, name, shown.permissions());
    }
  }

  /** Makes an object of the host stand for a special file, with the mode that it has. */
  public void declareType(int fd, Name name, int type, long rdev) throws ErrnoException {
    Stat shown = host(fd, name);
    shown.mode = type | shown.permissions();
    shown.rdev = rdev;
    declare(fd, name, shown);
  }

  /** Takes the capability that the host does not know of from a file whose content changes. */
  public void dropCapability(int fd, @Nullable Name name) throws ErrnoException {
    try {
      remove(fd, name, onDisk(CAPABILITY));
    } catch (ErrnoException e) {
      boolean none =
          e.errno() == Errno.ENODATA || e.errno() == Errno.EPERM || e.errno() == Errno.EOPNOTSUPP;
      if (!none) {
        throw e;
      }
    }
  }

  /** Whether a change of content leaves a capability that {@link #dropCapability} must take. */
  public boolean hidesCapabilities() {
    return escapes;
  }

  private Name onDisk(Name shown) {
    return escapes && shown.startsWith(SECURITY) ? ESCAPE.concat(shown) : shown;
  }

  /** As getxattr(2), null for {@code ENODATA}; an ACL says of the mode what is shown. */
  public byte @Nullable [] getxattr(int fd, @Nullable Name name, Name shown) throws ErrnoException {
    byte[] value = get(fd, name, onDisk(shown));
    if (value == null || !shown.equals(ACCESS_ACL)) {
      return value;
    }
    return AclMode.withMode(value, shown(fd, name).permissions());
  }

  /** As setxattr(2); an ACL changes the mode. */
  public void setxattr(int fd, @Nullable Name name, Name shown, byte[] value, int flags)
      throws ErrnoException {
    if (!shown.equals(ACCESS_ACL)) {
      setFlagged(fd, name, onDisk(shown), value, flags);
      return;
    }
    changes.lock();
    try {
      Stat changed = shown(fd, name);
      setFlagged(fd, name, shown, value, flags);
      changed.mode = (changed.mode & ~0777) | AclMode.of(value, changed.mode & 0777);
      declareLocked(fd, name, changed);
    } finally {
      changes.unlock();
    }
  }

  /** As removexattr(2). */
  public void removexattr(int fd, @Nullable Name name, Name shown) throws ErrnoException {
    remove(fd, name, onDisk(shown));
  }

  /** A list of a layer's xattrs with the names under which {@link #getxattr} knows them. */
  public byte[] listed(byte[] list) {
    if (!escapes) {
      return list;
    }
    ByteArrayOutputStream shown = new ByteArrayOutputStream(list.length);
    for (Name name : Marks.split(list)) {
      boolean escaped = name.startsWith(ESCAPED_SECURITY);
      if (escaped || !name.startsWith(SECURITY)) {
        shown.writeBytes((escaped ? name.substring(ESCAPE.length()) : name).bytes());
        shown.write(0);
      }
    }
    return shown.toByteArray();
  }

  private Stat shown(int fd, @Nullable Name name) throws ErrnoException {
    Stat stat = host(fd, name);
    apply(fd, name, stat);
    return stat;
  }

  private Stat host(int fd, @Nullable Name name) throws ErrnoException {
    Stat stat = new Stat();
    if (name == null) {
      sys.fstatx(fd, stat);
    } else {
      sys.statx(fd, name, stat);
    }
    return stat;
  }

  private void chmodHost(int fd, @Nullable Name name, int mode) throws ErrnoException {
    if (name == null) {
      sys.fchmod(fd, mode);
    } else {
      sys.fchmodat(fd, name, mode);
    }
  }

  private void chownHost(int fd, @Nullable Name name, int uid, int gid) throws ErrnoException {
    if (name == null) {
      sys.fchown(fd, uid, gid);
    } else {
      sys.fchownat(fd, name, uid, gid);
    }
  }

  private byte @Nullable [] get(int fd, @Nullable Name name, Name onDisk) throws ErrnoException {
    return name == null ? sys.fgetxattr(fd, onDisk) : sys.getxattrat(fd, name, onDisk);
  }

  private void set(int fd, @Nullable Name name, Name onDisk, byte[] value) throws ErrnoException {
    setFlagged(fd, name, onDisk, value, 0);
  }

  private void setFlagged(int fd, @Nullable Name name, Name onDisk, byte[] value, int flags)
      throws ErrnoException {
    if (name == null) {
      sys.fsetxattr(fd, onDisk, value, flags);
    } else {
      sys.setxattrat(fd, name, onDisk, value, flags);
    }
  }

  private void remove(int fd, @Nullable Name name, Name onDisk) throws ErrnoException {
    if (name == null) {
      sys.fremovexattr(fd, onDisk);
    } else {
      sys.removexattrat(fd, name, onDisk);
    }
  }
}
