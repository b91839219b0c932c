package io.unionfs.transport;

import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/*
 * Where the kernel is not asked to evaluate POSIX ACLs - libfuse 2 cannot ask it, and noacl says not
 * to - it decides by mode bits alone.
 * The group bits of a file with an ACL are its mask, which may allow the owning group more than the
 * ACL does; and users and groups that the ACL names would fall under "other". So the bits shown are
 * the ones that every process concerned would have by the ACL as well: nobody gains a right, some
 * lose one.
 *
 * group: what the group entry, the mask, and each named user grants (a named user may be a member)
 * other: what the other entry and each named user and group, under the mask, grants
 */

/**
 * The mode bits of files with an ACL, made safe for a kernel that does not know the ACL. Safe for
 * use by any number of threads.
 */
public final class AclNarrowing {
  /** The xattr that is a file's own ACL. */
  public static final Name ACCESS = Name.of("system.posix_acl_access");

  private static final int HEADER_SIZE = 4;
  private static final int ENTRY_SIZE = 8;
  private static final int VERSION = 2;
  private static final int USER = 0x02;
  private static final int GROUP_OBJ = 0x04;
  private static final int GROUP = 0x08;
  private static final int MASK = 0x10;
  private static final int OTHER = 0x20;

  private static final int LOG_SLOTS = 16;

  private final UnionFileSystem fs;
  private final boolean active;

  /**
   * Ids of nodes known to have no ACL, each in the slot of its hash. A file that is not found here
   * costs a getxattr. Not inode numbers: a file that was discarded while it was open shares its
   * number with the lower's.
   */
  private final AtomicLongArray plain;

  /** Changes with every change of an ACL, so that an answer read before it is not remembered. */
  private final AtomicInteger generation = new AtomicInteger();

  /**
   * @param kernelEvaluates whether the kernel asks for ACLs and decides by them, so that nothing
   *     need be narrowed
   */
  public AclNarrowing(UnionFileSystem fs, boolean kernelEvaluates) {
    this.fs = fs;
    this.active = !kernelEvaluates;
    this.plain = new AtomicLongArray(active ? 1 << LOG_SLOTS : 0);
  }

  /** Takes away the rights that the ACL does not give. */
  public void narrow(Node node, Stat stat) throws ErrnoException {
    if (!active || Linux.isLnk(stat.mode)) {
      return;
    }
    int slot = slot(node.id());
    if (plain.get(slot) == node.id()) {
      return;
    }
    int before = generation.get();
    byte[] acl = read(node);
    if (acl.length == 0) {
      if (generation.get() == before) {
        plain.set(slot, node.id());
      }
      return;
    }
    stat.mode = narrowed(stat.mode, acl);
  }

  /**
   * The mode to set when a program, or the kernel on its behalf, sets {@code mode}. The kernel
   * clears set-id bits by setting the mode that it was shown; the rights that were hidden from it
   * must survive that.
   */
  public int widen(Node node, int mode) throws ErrnoException {
    if (!active) {
      return mode;
    }
    Stat stat = new Stat();
    fs.getattr(node, stat);
    if (Linux.isLnk(stat.mode)) {
      return mode;
    }
    byte[] acl = read(node);
    if (acl.length == 0 || (narrowed(stat.mode, acl) & 0777) != (mode & 0777)) {
      return mode;
    }
    return (mode & ~0777) | (stat.mode & 0777);
  }

  /**
   * To be called around a change of an extended attribute: before it, and after it.
   *
   * @return whether it is one that shows in the mode
   */
  public boolean changing(Node node, Name xattr) {
    boolean shows = active && xattr.equals(ACCESS);
    if (shows) {
      forget(node);
    }
    return shows;
  }

  /** To be called for a new file: it may have an ACL by inheritance that nobody has asked for. */
  public void forget(Node node) {
    if (active) {
      generation.incrementAndGet();
      plain.compareAndSet(slot(node.id()), node.id(), 0);
    }
  }

  /** To be called when files changed by other means than requests. */
  public void forgetAll() {
    generation.incrementAndGet();
    for (int i = 0; i < plain.length(); i++) {
      plain.set(i, 0);
    }
  }

  private byte[] read(Node node) throws ErrnoException {
    byte[] acl = fs.accessAcl(node);
    return acl == null ? new byte[0] : acl;
  }

  /** The mode without what the ACL, in the kernel's xattr format, does not grant. */
  static int narrowed(int mode, byte[] acl) {
    if (acl.length < HEADER_SIZE || littleEndian(acl, 0, 4) != VERSION) {
      return mode & ~077;
    }
    int group = 07;
    int mask = 07;
    int other = 07;
    int users = 07; // what all named users have in common, where there are any
    int groups = 07;
    boolean namedUsers = false;
    boolean namedGroups = false;
    for (int at = HEADER_SIZE; at + ENTRY_SIZE <= acl.length; at += ENTRY_SIZE) {
      int rights = littleEndian(acl, at + 2, 2) & 07;
      switch (littleEndian(acl, at, 2)) {
        case USER -> {
          users &= rights;
          namedUsers = true;
        }
        case GROUP_OBJ -> group = rights;
        case GROUP -> {
          groups &= rights;
          namedGroups = true;
        }
        case MASK -> mask = rights;
        case OTHER -> other = rights;
        default -> {
          // The owner's entry: the owner bits say the same.
        }
      }
    }
    int underUsers = namedUsers ? users & mask : 07;
    int underGroups = namedGroups ? groups & mask : 07;
    int shownGroup = group & mask & underUsers;
    int shownOther = other & underUsers & underGroups;
    return (mode & ~077) | (shownGroup << 3) | shownOther;
  }

  private static int littleEndian(byte[] bytes, int at, int length) {
    int value = 0;
    for (int i = length - 1; i >= 0; i--) {
      value = (value << 8) | (bytes[at + i] & 0xff);
    }
    return value;
  }

  private static int slot(long id) {
    return (int) ((id * 0x9E3779B97F4A7C15L) >>> (64 - LOG_SLOTS));
  }
}
