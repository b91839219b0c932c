package io.unionfs.layer;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * The formats are those of Documentation/filesystems/overlayfs.rst. Opaque marks are read in every
 * namespace in which some implementation writes them; what is written goes into one namespace, the
 * one that the mount's rights allow, as the kernel does (its mount option userxattr).
 */
/** The marks of union file systems: whiteouts, opaque directories, origins, and their xattrs. */
public final class Marks {
  private static final Logger log = LoggerFactory.getLogger(Marks.class);
  private static final Name TRUSTED = Name.of("trusted.overlay.");
  private static final Name USER = Name.of("user.overlay.");
  private static final Name FUSE_OVERLAYFS = Name.of("user.fuseoverlayfs.");
  private static final Name ESCAPE = Name.of("overlay.");
  private static final Name TRUSTED_OPAQUE = Name.of("trusted.overlay.opaque");
  private static final Name USER_OPAQUE = Name.of("user.overlay.opaque");
  private static final Name FUSE_OPAQUE = Name.of("user.fuseoverlayfs.opaque");
  private static final Name TRUSTED_REDIRECT = Name.of("trusted.overlay.redirect");
  private static final Name USER_REDIRECT = Name.of("user.overlay.redirect");
  private static final Name TRUSTED_ORIGIN = Name.of("trusted.overlay.origin");
  private static final Name USER_ORIGIN = Name.of("user.overlay.origin");
  private static final Name TRUSTED_NLINK = Name.of("trusted.overlay.nlink");
  private static final Name USER_NLINK = Name.of("user.overlay.nlink");
  private static final Name TRUSTED_METACOPY = Name.of("trusted.overlay.metacopy");
  private static final Name USER_METACOPY = Name.of("user.overlay.metacopy");
  private static final byte[] YES = {'y'};
  private static final byte[] MAY_HOLD_WHITEOUTS = {'x'};

  /** What a directory's xattrs say about the layers below it. */
  public enum DirMark {
    /** Nothing: directories of the same name below are merged. */
    NONE,
    /** Nothing below shows through. */
    OPAQUE,
    /** The content below is at another place, which {@link #redirect} tells. */
    REDIRECT
  }

  /**
   * Which marks are followed that make a name show what is at another place of the layers below.
   */
  public enum Follow {
    NOTHING,
    /** Those that only a privileged process can have written. */
    TRUSTED,
    /** Those in {@code user.overlay.} as well, which anybody can write who owns a file. */
    ALL
  }

  private final Sys sys;
  private final Name prefix;
  private final Follow follow;
  private final Whiteouts whiteouts;
  private final Name opaque;
  private final Name redirect;
  private final Name origin;
  private final Name number;
  private final Name nlink;
  private final Name impure;

  private Marks(Sys sys, Name prefix, MarkRules rules, WhiteoutFormat format) {
    this.sys = sys;
    this.prefix = prefix;
    this.follow = rules.follow();
    boolean dotNames = rules.dotNames() || format == WhiteoutFormat.AUFS;
    this.whiteouts = new Whiteouts(sys, format, dotNames, prefix);
    this.opaque = prefix.concat(Name.of("opaque"));
    this.redirect = prefix.concat(Name.of("redirect"));
    this.origin = prefix.concat(Name.of("origin"));
    this.number = prefix.concat(Name.of("unionfs.ino"));
    this.nlink = prefix.concat(Name.of("nlink"));
    this.impure = prefix.concat(Name.of("impure"));
  }

  /** Marks for a union that writes nothing. */
  public static Marks readOnly(Sys sys, MarkRules rules) {
    return new Marks(sys, TRUSTED, rules, WhiteoutFormat.DEVICE);
  }

  /**
   * Marks for an upper layer, in {@code trusted.overlay.} where the process may write it, else in
   * {@code user.overlay.}.
   *
   * @param probe a directory on the upper's file system, on which an xattr is set and removed
   * @throws ErrnoException {@code EOPNOTSUPP} if the file system holds neither
   */
  public static Marks probe(Sys sys, LayerDir probe, MarkRules rules) throws ErrnoException {
    SharedFd fd = probe.pin();
    try {
      WhiteoutFormat format = rules.whiteouts();
      if (format == null) {
        format =
            Whiteouts.canMakeDevices(sys, fd.fd()) ? WhiteoutFormat.DEVICE : WhiteoutFormat.XATTR;
      }
      for (Name candidate : List.of(TRUSTED, USER)) {
        Marks marks = new Marks(sys, candidate, rules, format);
        try {
          sys.setxattrat(fd.fd(), Name.DOT, marks.impure, YES, 0);
          sys.removexattrat(fd.fd(), Name.DOT, marks.impure);
          return marks;
        } catch (ErrnoException e) {
          boolean refused =
              e.errno() == Errno.EPERM
                  || e.errno() == Errno.EOPNOTSUPP
                  || e.errno() == Errno.EACCES;
          if (!refused) {
            throw e;
          }
        }
      }
    } finally {
      fd.unpin();
    }
    throw ErrnoException.of(Errno.EOPNOTSUPP);
  }

  /** The xattr prefix that marks are written with, for messages. */
  public Name prefix() {
    return prefix;
  }

  static boolean announcesXattrWhiteouts(Sys sys, int rootFd) throws ErrnoException {
    for (Name name : List.of(TRUSTED_OPAQUE, USER_OPAQUE)) {
      byte[] value = valueOrNull(sys, rootFd, Name.DOT, name);
      if (value != null && value.length == 1 && value[0] == 'x') {
        return true;
      }
    }
    return false;
  }

  static byte @Nullable [] valueOrNull(Sys sys, int dirFd, Name name, Name xattr)
      throws ErrnoException {
    try {
      return sys.getxattrat(dirFd, name, xattr);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EOPNOTSUPP || e.errno() == Errno.EPERM) {
        return null;
      }
      throw e;
    }
  }

  /** The value of a mark of the upper, null without it, whatever the object's mode. */
  public byte @Nullable [] ofUpper(int dirFd, Name name, Name xattr) throws ErrnoException {
    try {
      return valueOrNull(sys, dirFd, name, xattr);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EACCES) {
        throw e;
      }
    }
    if (!isListed(sys, dirFd, name, xattr)) {
      return null;
    }
    Optional<byte[]> value =
        InSpiteOfMode.run(
            sys, dirFd, name, () -> Optional.ofNullable(sys.getxattrat(dirFd, name, xattr)));
    return value.orElse(null);
  }

  private byte @Nullable [] value(LayerDir parent, int dirFd, Name name, Name xattr)
      throws ErrnoException {
    return parent.layer().writable()
        ? ofUpper(dirFd, name, xattr)
        : valueOrNull(sys, dirFd, name, xattr);
  }

  private void set(int dirFd, Name name, Name xattr, byte[] value) throws ErrnoException {
    InSpiteOfMode.run(
        sys,
        dirFd,
        name,
        () -> {
          sys.setxattrat(dirFd, name, xattr, value, 0);
          return value;
        });
  }

  /** Whether an object has an xattr, which takes no right to read it. */
  static boolean isListed(Sys sys, int dirFd, Name name, Name xattr) throws ErrnoException {
    return split(sys.listxattrat(dirFd, name)).contains(xattr);
  }

  /** The whiteouts of this mount. */
  public Whiteouts whiteouts() {
    return whiteouts;
  }

  /** What the marks of the directory {@code dir}, which is {@code name} in {@code parent}, say. */
  public DirMark dirMark(LayerDir parent, Name name, LayerDir dir) throws ErrnoException {
    DirMark mark = xattrMark(parent, name);
    boolean hides =
        mark == DirMark.NONE && (whiteouts.hidesBelow(parent, name) || whiteouts.isOpaque(dir));
    return hides ? DirMark.OPAQUE : mark;
  }

  private DirMark xattrMark(LayerDir parent, Name name) throws ErrnoException {
    SharedFd fd = parent.pin();
    try {
      boolean redirected = false;
      for (Name xattr : split(xattrNames(fd.fd(), name))) {
        if (xattr.equals(TRUSTED_OPAQUE)
            || xattr.equals(USER_OPAQUE)
            || xattr.equals(FUSE_OPAQUE)) {
          byte[] value = value(parent, fd.fd(), name, xattr);
          if (value != null && value.length == 1 && value[0] == 'y') {
            return DirMark.OPAQUE;
          }
        } else {
          redirected |= xattr.equals(TRUSTED_REDIRECT) || xattr.equals(USER_REDIRECT);
        }
      }
      return redirected ? DirMark.REDIRECT : DirMark.NONE;
    } finally {
      fd.unpin();
    }
  }

  /**
   * Whether a regular file carries metadata only, its data being in a layer below.
   *
   * @throws ErrnoException {@code EIO} where it says so and this mount does not follow it
   */
  public boolean isMetacopy(LayerDir parent, Name name) throws ErrnoException {
    SharedFd fd = parent.pin();
    try {
      byte[] names = xattrNames(fd.fd(), name);
      if (names.length == 0) {
        return false; // of most files
      }
      boolean trusted = false;
      boolean user = false;
      for (Name xattr : split(names)) {
        trusted |= xattr.equals(TRUSTED_METACOPY);
        user |= xattr.equals(USER_METACOPY);
      }
      if (trusted || user) {
        requireFollowed(trusted, parent, name, "metacopy");
      }
      return trusted || user;
    } finally {
      fd.unpin();
    }
  }

  /**
   * Where the layers below have what a directory, or a file without data, goes on with.
   *
   * @return null without such a mark
   * @throws ErrnoException {@code EIO} for a mark that this mount does not follow, or that is none
   */
  public @Nullable Redirect redirect(LayerDir parent, Name name) throws ErrnoException {
    SharedFd fd = parent.pin();
    byte[] value;
    boolean trusted;
    try {
      value = value(parent, fd.fd(), name, TRUSTED_REDIRECT);
      trusted = value != null;
      if (value == null) {
        value = value(parent, fd.fd(), name, USER_REDIRECT);
      }
    } finally {
      fd.unpin();
    }
    if (value == null) {
      return null;
    }
    requireFollowed(trusted, parent, name, "redirect");
    try {
      return Redirect.parse(value);
    } catch (ErrnoException e) {
      log.warn("{}/{}/{}: redirect mark is no path", parent.layer(), parent, name);
      throw ErrnoException.of(Errno.EIO);
    }
  }

  /** Whether an object has a redirect mark, followed or not. */
  public boolean hasRedirect(LayerDir parent, Name name) throws ErrnoException {
    SharedFd fd = parent.pin();
    try {
      return value(parent, fd.fd(), name, TRUSTED_REDIRECT) != null
          || value(parent, fd.fd(), name, USER_REDIRECT) != null;
    } finally {
      fd.unpin();
    }
  }

  private void requireFollowed(boolean trusted, LayerDir parent, Name name, String mark)
      throws ErrnoException {
    if (follow == Follow.ALL || (trusted && follow == Follow.TRUSTED)) {
      return;
    }
    log.warn("{}/{}/{}: {} mark is not followed", parent.layer(), parent, name, mark);
    throw ErrnoException.of(Errno.EIO);
  }

  /** Tells the layers below from which place a directory of this name goes on. */
  public void setRedirect(int dirFd, Name name, Redirect to) throws ErrnoException {
    set(dirFd, name, redirect, to.format());
  }

  /** Declares that an open file now has data of its own. */
  public void removeMetacopy(int fd) throws ErrnoException {
    for (Name xattr : List.of(TRUSTED_METACOPY, USER_METACOPY)) {
      try {
        sys.fremovexattr(fd, xattr);
      } catch (ErrnoException e) {
        boolean cannotHave = e.errno() == Errno.EPERM || e.errno() == Errno.EOPNOTSUPP;
        if (e.errno() != Errno.ENODATA && (!cannotHave || xattr.startsWith(prefix))) {
          throw e;
        }
      }
    }
  }

  private byte[] xattrNames(int dirFd, Name name) throws ErrnoException {
    try {
      return sys.listxattrat(dirFd, name);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EOPNOTSUPP) {
        return new byte[0];
      }
      throw e;
    }
  }

  /** Declares a directory opaque. */
  public void setOpaque(int dirFd, Name name) throws ErrnoException {
    if (whiteouts.format() == WhiteoutFormat.AUFS) {
      whiteouts.setOpaque(dirFd, name);
    } else {
      set(dirFd, name, opaque, YES);
    }
  }

  /** Declares that a directory may hold whiteouts that are files with an xattr. */
  public void announceXattrWhiteouts(int dirFd) throws ErrnoException {
    if (valueOrNull(sys, dirFd, Name.DOT, opaque) == null) {
      set(dirFd, Name.DOT, opaque, MAY_HOLD_WHITEOUTS);
    }
  }

  /**
   * Records the lower file that an upper one was copied from. A node that cannot carry the xattr
   * ({@code user.*} on a symlink or special file) stays without.
   */
  public void setOrigin(int dirFd, Name name, FileHandle handle, byte[] uuid)
      throws ErrnoException {
    try {
      set(dirFd, name, origin, Origin.encode(handle, uuid));
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EPERM && e.errno() != Errno.EOPNOTSUPP) {
        throw e;
      }
    }
  }

  /** Whether marks are written where only a privileged process can. */
  public boolean isTrusted() {
    return prefix.equals(TRUSTED);
  }

  /** Writes down which inode number a copied-up file shows; a mark of our own. */
  public void setNumber(int dirFd, Name name, byte[] text) throws ErrnoException {
    set(dirFd, name, number, text);
  }

  /** The inode number that was written down, or null. */
  public byte @Nullable [] number(int dirFd, Name name) throws ErrnoException {
    return ofUpper(dirFd, name, number);
  }

  /**
   * What the origin mark of an object says, in whichever namespace it has one; null without one.
   * Unlike {@link #origin} it changes nothing, not even a mode for a moment.
   *
   * @throws ErrnoException {@code EACCES} where the process may not read it
   */
  public byte @Nullable [] originMark(LayerDir parent, Name name) throws ErrnoException {
    SharedFd fd = parent.pin();
    try {
      byte[] trusted = valueOrNull(sys, fd.fd(), name, TRUSTED_ORIGIN);
      return trusted != null ? trusted : valueOrNull(sys, fd.fd(), name, USER_ORIGIN);
    } finally {
      fd.unpin();
    }
  }

  /** The handle of the lower file that an upper one was copied from, or null. */
  public @Nullable FileHandle origin(int dirFd, Name name) throws ErrnoException {
    byte[] value = ofUpper(dirFd, name, origin);
    return value == null ? null : Origin.decode(value);
  }

  /**
   * Records how many more names an indexed file has in the union than its upper inode has links, as
   * kernel overlayfs does.
   */
  public void setNlinkDifference(int dirFd, Name name, int difference) throws ErrnoException {
    setNlink(dirFd, name, 'U', difference);
  }

  /**
   * Records how many more names an indexed file has in the union than its lower inode has links: a
   * count that stays true while the upper inode gets a link.
   */
  public void setNlinkDifferenceToLower(int dirFd, Name name, int difference)
      throws ErrnoException {
    setNlink(dirFd, name, 'L', difference);
  }

  private void setNlink(int dirFd, Name name, char countedFrom, int difference)
      throws ErrnoException {
    String text = countedFrom + (difference < 0 ? "" : "+") + difference;
    set(dirFd, name, nlink, text.getBytes(StandardCharsets.US_ASCII));
  }

  /**
   * The recorded difference.
   *
   * @param lowerNlink the lower inode's links, which the kernel's {@code L} form counts from
   * @return the difference to {@code upperNlink}, or null where nothing is recorded
   */
  public @Nullable Integer nlinkDifference(int dirFd, Name name, int upperNlink, int lowerNlink)
      throws ErrnoException {
    return nlinkDifference(ofUpper(dirFd, name, nlink), upperNlink, lowerNlink);
  }

  /**
   * The same, in whichever namespace it was recorded. Like {@link #originMark} it changes nothing.
   *
   * @throws ErrnoException {@code EACCES} where the process may not read it
   */
  public @Nullable Integer nlinkMark(LayerDir parent, Name name, int upperNlink, int lowerNlink)
      throws ErrnoException {
    SharedFd fd = parent.pin();
    try {
      byte[] trusted = valueOrNull(sys, fd.fd(), name, TRUSTED_NLINK);
      byte[] value = trusted != null ? trusted : valueOrNull(sys, fd.fd(), name, USER_NLINK);
      return nlinkDifference(value, upperNlink, lowerNlink);
    } finally {
      fd.unpin();
    }
  }

  private static @Nullable Integer nlinkDifference(
      byte @Nullable [] value, int upperNlink, int lowerNlink) {
    if (value == null || value.length < 3) {
      return null;
    }
    int number;
    try {
      number = Integer.parseInt(new String(value, 1, value.length - 1, StandardCharsets.US_ASCII));
    } catch (NumberFormatException e) {
      return null;
    }
    return value[0] == 'L' ? number + lowerNlink - upperNlink : number;
  }

  /** Whether the recorded difference is to the lower inode's links. */
  public boolean countsFromLower(int dirFd, Name name) throws ErrnoException {
    byte[] value = ofUpper(dirFd, name, nlink);
    return value != null && value.length > 0 && value[0] == 'L';
  }

  /** Notes that a directory holds files with an origin, so that its entries' inodes differ. */
  public void setImpure(int dirFd, Name name) throws ErrnoException {
    set(dirFd, name, impure, YES);
  }

  /** Whether an open directory has the mark, which takes no right to read or search it. */
  public boolean isImpure(int fd) throws ErrnoException {
    return split(sys.flistxattr(fd)).contains(impure);
  }

  /**
   * The marks that an object has, whether they mean anything or not.
   *
   * @throws ErrnoException {@code EACCES} where the process may not ask
   */
  public List<Mark> list(int dirFd, Name name) throws ErrnoException {
    byte[] all = xattrNames(dirFd, name);
    if (all.length == 0) {
      return List.of();
    }
    List<Mark> found = new ArrayList<>();
    for (Name xattr : split(all)) {
      if (isPrivate(xattr)) {
        found.add(Mark.of(xattr));
      }
    }
    return found;
  }

  /** The value of a mark, null where it is not there any more or cannot be read. */
  public byte @Nullable [] value(int dirFd, Name name, Mark mark) throws ErrnoException {
    return valueOrNull(sys, dirFd, name, mark.xattr());
  }

  /** Whether marks in a namespace that lead to another place are followed. */
  public boolean follows(Mark.Space space) {
    return follow == Follow.ALL || (follow == Follow.TRUSTED && space == Mark.Space.TRUSTED);
  }

  /**
   * Declares that a directory may hold whiteouts that are files with an xattr, unless it says
   * something else already.
   */
  public static void announceXattrWhiteouts(Sys sys, int dirFd, Mark.Space space)
      throws ErrnoException {
    Name xattr = space.xattr("opaque");
    if (valueOrNull(sys, dirFd, Name.DOT, xattr) == null) {
      sys.setxattrat(dirFd, Name.DOT, xattr, MAY_HOLD_WHITEOUTS, 0);
    }
  }

  /** Whether an xattr of a layer is a mark, neither shown nor copied. */
  public static boolean isPrivate(Name onDisk) {
    return (onDisk.startsWith(TRUSTED) && !onDisk.substring(TRUSTED.length()).startsWith(ESCAPE))
        || (onDisk.startsWith(USER) && !onDisk.substring(USER.length()).startsWith(ESCAPE))
        || onDisk.startsWith(FUSE_OVERLAYFS)
        || OwnerOverride.isMark(onDisk);
  }

  /**
   * The name under which a union's xattr is kept in a layer: names that look like marks get one
   * more {@code overlay.}, as kernel overlayfs escapes them.
   *
   * @return null where the name cannot be kept at all
   */
  public static @Nullable Name toDisk(Name shown) {
    if (shown.startsWith(TRUSTED)) {
      return TRUSTED.concat(ESCAPE).concat(shown.substring(TRUSTED.length()));
    }
    if (shown.startsWith(USER)) {
      return USER.concat(ESCAPE).concat(shown.substring(USER.length()));
    }
    return shown.startsWith(FUSE_OVERLAYFS) || OwnerOverride.isMark(shown) ? null : shown;
  }

  /** The name under which the union shows a layer's xattr, or null for a mark. */
  public static @Nullable Name toUnion(Name onDisk) {
    if (isPrivate(onDisk)) {
      return null;
    }
    if (onDisk.startsWith(TRUSTED)) {
      return TRUSTED.concat(onDisk.substring(TRUSTED.length() + ESCAPE.length()));
    }
    if (onDisk.startsWith(USER)) {
      return USER.concat(onDisk.substring(USER.length() + ESCAPE.length()));
    }
    return onDisk;
  }

  /** The names in a list as listxattr(2) gives it. */
  public static List<Name> split(byte[] list) {
    List<Name> names = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < list.length; i++) {
      if (list[i] == 0) {
        if (i > start) {
          names.add(Name.of(list, start, i - start));
        }
        start = i + 1;
      }
    }
    return names;
  }
}
