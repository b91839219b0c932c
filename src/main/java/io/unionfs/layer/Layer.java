package io.unionfs.layer;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * A layer is held by the descriptor of its root and nothing else. Where the process may, that
 * descriptor stands in a private clone of the layer's mount (open_tree(2) with OPEN_TREE_CLONE):
 * mounts below the layer are not part of the clone, a lower's clone is read-only and without atime,
 * and the layer's original mount may go away. Elsewhere every step is resolved by openat2(2) with
 * RESOLVE_NO_XDEV, so that a mount inside a layer is never entered.
 *
 * Every access names one component below a directory descriptor and follows no symbolic link: a
 * layer written by an attacker has nothing that could lead out of it.
 */
/** One directory tree of a layer stack, held by descriptor. */
public final class Layer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Layer.class);

  private final Sys sys;
  private final String path;
  private final boolean writable;
  private final boolean privateMount;
  private final boolean noatime;
  private final long mntId;
  private final long dev;
  private final DirDescriptors descriptors;
  private final LayerDir root;

  /* All are set before the layer is shared with other threads. */
  private @Nullable OwnerOverride ownerOverride;
  private boolean bottom;
  private boolean idMapped;
  private boolean xattrWhiteouts;
  private long[][] hidden = {};

  /*
   * Guards the parent and name of the writable layer's directories against being walked while a
   * rename moves one of them. A leaf: nothing else is locked while it is held.
   */
  private final ReentrantReadWriteLock paths = new ReentrantReadWriteLock();

  private Layer(Sys sys, String path, int rootFd, boolean writable, boolean privateMount, Stat stat)
      throws ErrnoException {
    this.sys = sys;
    this.path = path;
    this.writable = writable;
    this.privateMount = privateMount;
    this.noatime = !privateMount;
    this.mntId = stat.mntId;
    this.dev = stat.dev;
    this.descriptors = new DirDescriptors();
    this.root = new LayerDir(this, rootFd);
    this.xattrWhiteouts = Marks.announcesXattrWhiteouts(sys, rootFd);
    this.ownerOverride = OwnerOverride.ofRoot(sys, rootFd);
  }

  /**
   * A lower layer: nothing in it is ever written, created or touched.
   *
   * @param path where the layer is, links followed; only used now
   * @throws ErrnoException the errno of open(2) of a directory
   */
  public static Layer openLower(Sys sys, byte[] path) throws ErrnoException {
    return openLower(sys, path, Name.of(path));
  }

  /** The same for a path by which nobody knows the layer, such as one below {@code /proc}. */
  public static Layer openLower(Sys sys, byte[] path, Name shown) throws ErrnoException {
    try (Fd direct = new Fd(sys, sys.openPath(path, Linux.O_PATH | Linux.O_DIRECTORY, 0))) {
      Stat stat = new Stat();
      sys.fstatx(direct.raw(), stat);
      int clone =
          PrivateMounts.tryClone(
              sys,
              path,
              Linux.MOUNT_ATTR_RDONLY | Linux.MOUNT_ATTR_NOATIME | Linux.MOUNT_ATTR_NODEV);
      if (clone >= 0) {
        try (Fd owned = new Fd(sys, clone)) {
          Stat cloned = new Stat();
          sys.fstatx(clone, cloned);
          if (cloned.ino == stat.ino && cloned.dev == stat.dev) {
            return new Layer(sys, shown.toString(), owned.take(), false, true, cloned);
          }
        }
      }
      return new Layer(sys, shown.toString(), direct.take(), false, false, stat);
    }
  }

  /**
   * A layer that is being made and that nobody else knows of yet.
   *
   * @param path for messages only
   * @param rootFd an {@code O_PATH} descriptor of its root, which the layer takes over
   */
  public static Layer inTheMaking(Sys sys, byte[] path, int rootFd) throws ErrnoException {
    return writable(sys, path, rootFd, false);
  }

  /** A writable layer on a descriptor that the caller hands over. */
  static Layer writable(Sys sys, byte[] path, int rootFd, boolean privateMount)
      throws ErrnoException {
    Stat stat = new Stat();
    sys.fstatx(rootFd, stat);
    return new Layer(sys, Name.of(path).toString(), rootFd, true, privateMount, stat);
  }

  /** The layer's path as it was given, for messages only. */
  public String path() {
    return path;
  }

  public LayerDir root() {
    return root;
  }

  public boolean writable() {
    return writable;
  }

  /** Notes that the layer is seen through a mount with mapped ids ({@code MOUNT_ATTR_IDMAP}). */
  public void setIdMapped() {
    idMapped = true;
  }

  /**
   * Whether the owners that the layer tells are not those on disk, but mapped already. Those in
   * xattrs are not.
   */
  public boolean idMapped() {
    return idMapped && ownerOverride == null;
  }

  /** The host's device number of the layer's root; changes at reboot, so never stored. */
  public long dev() {
    return dev;
  }

  /** Whether this layer may hold whiteouts that are zero-size files with an xattr. */
  public boolean xattrWhiteouts() {
    return xattrWhiteouts;
  }

  /** Declares that whiteouts of this kind will be written. */
  public void setXattrWhiteouts() {
    xattrWhiteouts = true;
  }

  /** How owners and modes are kept in xattrs of this layer; null where they are the host's. */
  public @Nullable OwnerOverride ownerOverride() {
    return ownerOverride;
  }

  /** Declares how this layer keeps owners and modes. */
  public void setOwnerOverride(@Nullable OwnerOverride override) {
    ownerOverride = override;
  }

  /**
   * Gives up owners in xattrs that anybody may have written who is not trusted with them: a root
   * process follows them only in a layer whose root is root's.
   */
  public void distrustOwners() throws ErrnoException {
    OwnerOverride override = ownerOverride;
    if (override == null) {
      return;
    }
    ownerOverride = null; // the root's own owner must not come from there
    Stat stat = new Stat();
    root.stat(stat);
    if (override.isTrustworthy(stat.uid)) {
      ownerOverride = override;
      return;
    }
    log.warn(
        "{} belongs to user {}: {} in it is not followed without xattr_permissions",
        path,
        stat.uid,
        override.xattr());
  }

  /** Whether an object belongs to something mounted inside the layer, and so is not part of it. */
  public boolean covered(Stat stat) {
    return !privateMount && stat.mntId != mntId;
  }

  /** Declares that no layer lies below this one, so that no mark in it can mean anything. */
  public void setBottom() {
    bottom = true;
  }

  public boolean isBottom() {
    return bottom;
  }

  /**
   * Declares a directory absent from this layer: an upper or work dir that lies below a lower is
   * not part of the union.
   */
  public void hide(Stat directory) {
    hidden = Arrays.copyOf(hidden, hidden.length + 1);
    hidden[hidden.length - 1] = new long[] {directory.dev, directory.ino};
  }

  /** Whether an object was declared absent from this layer. */
  public boolean hides(Stat stat) {
    for (long[] id : hidden) {
      if (id[1] == stat.ino && id[0] == stat.dev) {
        return true;
      }
    }
    return false;
  }

  /** Whether an inode number may be one of a hidden directory. */
  public boolean mayHide(long ino) {
    for (long[] id : hidden) {
      if (id[1] == ino) {
        return true;
      }
    }
    return false;
  }

  /*
   * Where a mount inside the layer can be met, statx(2) must not send that mount a request: it may
   * be our own, whose server is the caller.
   */
  int tryStat(int dirFd, Name name, Stat out) {
    int errno =
        privateMount || writable
            ? sys.tryStatx(dirFd, name, out)
            : sys.tryStatxCached(dirFd, name, out);
    return errno == 0 && ownerOverride != null ? tryOverride(dirFd, name, out) : errno;
  }

  private int tryOverride(int dirFd, Name name, Stat out) {
    OwnerOverride override = ownerOverride;
    if (override == null || covered(out)) {
      return 0;
    }
    try {
      override.apply(dirFd, name, out);
      return 0;
    } catch (ErrnoException e) {
      return e.errno();
    }
  }

  Sys sys() {
    return sys;
  }

  DirDescriptors descriptors() {
    return descriptors;
  }

  ReentrantReadWriteLock paths() {
    return paths;
  }

  /** Opens one component; never follows a link and never enters a mount inside the layer. */
  int tryOpen(int dirFd, Name name, int flags, int mode) {
    int fd = tryOpenOnce(dirFd, name, flags, mode);
    if (fd == -Errno.EMFILE || fd == -Errno.ENFILE) {
      descriptors.giveUp();
      fd = tryOpenOnce(dirFd, name, flags, mode);
    }
    return fd;
  }

  private int tryOpenOnce(int dirFd, Name name, int flags, int mode) {
    if (privateMount) {
      return sys.tryOpenat(dirFd, name, flags, mode);
    }
    int wanted = flags | Linux.O_NOFOLLOW | Linux.O_CLOEXEC;
    return sys.tryOpenBeneath(
        dirFd,
        name.bytes(),
        wanted,
        mode,
        Linux.RESOLVE_NO_XDEV | Linux.RESOLVE_NO_SYMLINKS | Linux.RESOLVE_BENEATH);
  }

  /** Opens a regular file or directory for reading without changing its access time. */
  int openForRead(int dirFd, Name name, int flags) throws ErrnoException {
    return openQuietly(dirFd, name, flags | Linux.O_RDONLY);
  }

  /** Opens a file so that reading it does not change its access time. */
  int openQuietly(int dirFd, Name name, int flags) throws ErrnoException {
    return checked(tryOpenQuietly(dirFd, name, flags));
  }

  /** The same; a negative errno where it fails. */
  int tryOpenQuietly(int dirFd, Name name, int flags) {
    int wanted = flags | Linux.O_NONBLOCK;
    if (noatime) {
      int fd = tryOpen(dirFd, name, wanted | Linux.O_NOATIME, 0);
      if (fd != -Errno.EPERM) {
        return fd;
      }
    }
    return tryOpen(dirFd, name, wanted, 0);
  }

  /** The flags that a new file is opened with, so that reading it does not change its time. */
  public int quietFlags() {
    return noatime ? Linux.O_NOATIME : 0;
  }

  /*
   * openat2 answers ELOOP or EXDEV where a link or a mount stands in the way: both mean that the
   * layer is not what it was when the name was looked up.
   */
  static int checked(int fdOrErrno) throws ErrnoException {
    if (fdOrErrno >= 0) {
      return fdOrErrno;
    }
    int errno = -fdOrErrno;
    throw ErrnoException.of(errno == Errno.ELOOP || errno == Errno.EXDEV ? Errno.ESTALE : errno);
  }

  @Override
  public void close() {
    descriptors.close();
    root.closeRoot();
  }

  @Override
  public String toString() {
    return path;
  }
}
