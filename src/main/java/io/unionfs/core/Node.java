package io.unionfs.core;

import io.unionfs.core.Identities.HostInode;
import io.unionfs.core.LiveNodes.Known;
import io.unionfs.sys.Linux;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * One file or directory of the union, the same object under all its names and from lookup to the
 * last reference, whatever layer its content is in.
 */
public abstract sealed class Node permits DirNode, FileNode {
  /* Updaters instead of atomic objects: there may be millions of nodes. */
  private static final AtomicLongFieldUpdater<Node> REFERENCES =
      AtomicLongFieldUpdater.newUpdater(Node.class, "references");
  private static final AtomicIntegerFieldUpdater<Node> XATTR_VERSION =
      AtomicIntegerFieldUpdater.newUpdater(Node.class, "xattrVersion");

  private final long id;
  private final long ino;
  private final int type;
  private final int generation;

  /* References from outside the core: open handles, or the kernel's lookups. */
  private volatile long references;

  /* The host inodes the node is known by: one, and one more after a copy-up. */
  private volatile @Nullable Known known;
  private volatile @Nullable Known knownCopy;

  /*
   * How often xattrs were set, counted before and after each time, and the count for which the node is
   * known to have no xattrs at all that the union would show.
   */
  private volatile int xattrVersion;
  private volatile int plainVersion = -1;

  /* Whether the node is known to be neither immutable nor append-only. */
  private volatile boolean unprotected;

  Node(long id, long ino, int type, int generation) {
    this.id = id;
    this.ino = ino;
    this.type = type;
    this.generation = generation;
  }

  /** The number that the node is known by outside; never used twice in a mount. */
  public final long id() {
    return id;
  }

  /** What {@code st_ino} shows, constant for the file's life. */
  public final long ino() {
    return ino;
  }

  /**
   * Tells the file from others that had or will have its inode number; constant for the file's
   * life, over remounts too, and never 0.
   */
  public final int generation() {
    return generation;
  }

  /** The file type, one of the {@code S_IF} constants. */
  public final int type() {
    return type;
  }

  public final boolean isDirectory() {
    return type == Linux.S_IFDIR;
  }

  /** Whether the node's last name was removed. */
  abstract boolean isRemoved();

  final void addReference() {
    REFERENCES.incrementAndGet(this);
  }

  /** Whether that was the last reference. */
  final boolean dropReferences(long number) {
    long left = REFERENCES.addAndGet(this, -number);
    if (left < 0) {
      throw new IllegalStateException("node " + id + " released more often than retained");
    }
    return left == 0;
  }

  final boolean isReferenced() {
    return references > 0;
  }

  /** Whether it is known by a host inode, of a lower or of its copy. */
  final boolean isKnownBy(HostInode host) {
    Known first = known();
    Known copy = knownCopy();
    return (first != null && first.isOf(host)) || (copy != null && copy.isOf(host));
  }

  /* Called while the node is new, or by its one copy-up. */
  final void addKnown(Known added) {
    if (known == null) {
      known = added;
    } else {
      knownCopy = added;
    }
  }

  /** The host inode that the node was made for. */
  final @Nullable Known known() {
    return known;
  }

  /** The host inode of its copy in the upper. */
  final @Nullable Known knownCopy() {
    return knownCopy;
  }

  /** Whether the node is known to have no xattrs at all that the union would show. */
  final boolean isPlain() {
    return plainVersion == xattrVersion;
  }

  /** How often xattrs were set, for {@link #setPlain}. */
  final int xattrVersion() {
    return xattrVersion;
  }

  /**
   * Notes that a list of xattrs was empty, which counts unless one was set since {@code version}
   * was read.
   */
  final void setPlain(int version) {
    plainVersion = version;
  }

  /** To be called before and after an xattr is set. */
  final void xattrsChange() {
    XATTR_VERSION.incrementAndGet(this);
  }

  final boolean isUnprotected() {
    return unprotected;
  }

  final void setUnprotected(boolean value) {
    unprotected = value;
  }

  /** A path of the node in the union, for messages. */
  abstract String path();

  @Override
  public final String toString() {
    return path();
  }
}
