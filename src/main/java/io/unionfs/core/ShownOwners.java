package io.unionfs.core;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Stat;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalInt;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/*
 * Everything in the core is in ids as they are on disk. This is asked where an id comes from a program or
 * goes to one: attributes, owners of new objects, chown(2), and the entries of ACLs.
 */
/**
 * How the owners of objects are shown, where they are not shown as they are on disk.
 *
 * @param users how user ids are shown; null as they are
 * @param groups how group ids are shown; null as they are
 * @param user the one owner that is shown of everything; null for each its own
 * @param group the one group that is shown of everything; null for each its own
 */
public record ShownOwners(
    @Nullable IdRanges users,
    @Nullable IdRanges groups,
    @Nullable Integer user,
    @Nullable Integer group) {
  /** Owners as they are on disk. */
  public static final ShownOwners AS_STORED = new ShownOwners(null, null, null, null);

  /** Who is shown, and stored, where there is no id for somebody: the kernel's overflow id. */
  static final int NOBODY = 65_534;

  /* What chown(2) leaves as it is. */
  private static final int UNCHANGED = -1;

  /* linux/posix_acl_xattr.h: a version of four bytes, then entries of tag, rights, and id. */
  private static final int ACL_HEADER = 4;
  private static final int ACL_ENTRY = 8;
  private static final int ACL_ID = 4;
  private static final int ACL_USER = 0x02;
  private static final int ACL_GROUP = 0x08;

  /** Whether ids are mapped. */
  boolean maps() {
    return users != null || groups != null;
  }

  /** Whether one owner is shown of everything, so that chown(2) changes nothing that is seen. */
  boolean squashes() {
    return user != null || group != null;
  }

  /** Turns the owners of attributes on disk into those that are shown. */
  void show(Stat stat) {
    if (maps()) {
      stat.uid = shown(users, stat.uid);
      stat.gid = shown(groups, stat.gid);
    }
    showMapped(stat);
  }

  /** The same where ids are mapped already. */
  void showMapped(Stat stat) {
    stat.uid = user == null ? stat.uid : user;
    stat.gid = group == null ? stat.gid : group;
  }

  /*
   * Container engines give the upper directory itself, and nothing else, the owner that is to be shown.
   */
  /** The same for the root of the union. */
  void showRoot(Stat stat) {
    int uid = stat.uid;
    int gid = stat.gid;
    show(stat);
    stat.uid = isShown(users, uid) ? uid : stat.uid;
    stat.gid = isShown(groups, gid) ? gid : stat.gid;
  }

  private static boolean isShown(@Nullable IdRanges ranges, int id) {
    return ranges != null && ranges.shown(id).isEmpty() && ranges.stored(id).isPresent();
  }

  private static int shown(@Nullable IdRanges ranges, int id) {
    return ranges == null ? id : ranges.shown(id).orElse(NOBODY);
  }

  /** The owner on disk of what a user makes. */
  int storedUser(int uid) {
    return users == null ? uid : users.stored(uid).orElse(NOBODY);
  }

  /** The group on disk of what a member of a group makes. */
  int storedGroup(int gid) {
    return groups == null ? gid : groups.stored(gid).orElse(NOBODY);
  }

  /**
   * Turns the owners that chown(2) wants into those on disk.
   *
   * @throws ErrnoException {@code EOVERFLOW} for an id that no id on disk is shown as, as mounts
   *     with mapped ids give it
   */
  SetAttr stored(SetAttr change) throws ErrnoException {
    return stored(change, false);
  }

  /**
   * The same for the root of the union, to which container engines give an owner as it is stored.
   */
  SetAttr storedRoot(SetAttr change) throws ErrnoException {
    return stored(change, true);
  }

  private SetAttr stored(SetAttr change, boolean root) throws ErrnoException {
    if (!maps() || !change.has(SetAttr.UID | SetAttr.GID)) {
      return change;
    }
    SetAttr stored = change.copy();
    if (change.has(SetAttr.UID)) {
      stored.uid = wanted(users, change.uid, root);
    }
    if (change.has(SetAttr.GID)) {
      stored.gid = wanted(groups, change.gid, root);
    }
    return stored;
  }

  private static int wanted(@Nullable IdRanges ranges, int id, boolean root) throws ErrnoException {
    if (ranges == null || id == UNCHANGED) {
      return id;
    }
    OptionalInt stored = ranges.stored(id);
    if (stored.isEmpty()) {
      if (root && ranges.shown(id).isPresent()) {
        return id;
      }
      throw ErrnoException.of(Errno.EOVERFLOW);
    }
    return stored.getAsInt();
  }

  /** An ACL on disk as it is shown; both in the xattr's format. */
  byte[] shownAcl(byte[] acl) {
    return maps() ? mapped(acl, IdRanges::shown) : acl;
  }

  /**
   * An ACL that is shown as it is on disk.
   *
   * @throws ErrnoException {@code EINVAL} for an id that no id on disk is shown as, as
   *     posix_acl_valid of the kernel gives it
   */
  byte[] storedAcl(byte[] acl) throws ErrnoException {
    if (!maps()) {
      return acl;
    }
    byte[] stored = mapped(acl, IdRanges::stored);
    for (int at = ACL_HEADER; at + ACL_ENTRY <= acl.length; at += ACL_ENTRY) {
      if (namesNobody(acl, at)) {
        throw ErrnoException.of(Errno.EINVAL);
      }
    }
    return stored;
  }

  /** The same for a copy, where nobody is there to be told: who has no id becomes nobody. */
  byte[] copiedAcl(byte[] acl) {
    return mapped(acl, IdRanges::stored);
  }

  private boolean namesNobody(byte[] acl, int at) {
    IdRanges ranges = rangesOf(tag(acl, at));
    return ranges != null && ranges.stored(id(acl, at)).isEmpty();
  }

  private byte[] mapped(byte[] acl, BiFunction<IdRanges, Integer, OptionalInt> map) {
    byte[] result = acl.clone();
    for (int at = ACL_HEADER; at + ACL_ENTRY <= acl.length; at += ACL_ENTRY) {
      IdRanges ranges = rangesOf(tag(acl, at));
      if (ranges != null) {
        littleEndian(result).putInt(at + ACL_ID, map.apply(ranges, id(acl, at)).orElse(NOBODY));
      }
    }
    return result;
  }

  /* Of the owner, the group, the mask and others an entry names no id. */
  private @Nullable IdRanges rangesOf(int tag) {
    return switch (tag) {
      case ACL_USER -> users;
      case ACL_GROUP -> groups;
      default -> null;
    };
  }

  private static int tag(byte[] acl, int at) {
    return littleEndian(acl).getShort(at);
  }

  private static int id(byte[] acl, int at) {
    return littleEndian(acl).getInt(at + ACL_ID);
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * As chown(2) with ids on disk, but where the host does not permit it, only an id that is shown
   * must be as wanted. Takes set-id bits and capabilities away in any case.
   *
   * @return whether both are stored as wanted
   */
  boolean chown(HostFile host, int uid, int gid) throws ErrnoException {
    try {
      host.chown(uid, gid);
      return true;
    } catch (ErrnoException e) {
      boolean forbidden = e.errno() == Errno.EPERM || e.errno() == Errno.EINVAL;
      if (!squashes() || !forbidden) {
        throw e;
      }
    }
    host.chown(user == null ? uid : UNCHANGED, group == null ? gid : UNCHANGED);
    return false;
  }

  /** The group on disk of what is made in a directory with the set-group-id bit. */
  int inheritedGroup(int gid, boolean fromRoot) {
    return fromRoot && isShown(groups, gid) ? storedGroup(gid) : gid;
  }
}
