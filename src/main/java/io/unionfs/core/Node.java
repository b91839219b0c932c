package io.unionfs.core;

import io.unionfs.core.Identities.HostInode;
import io.unionfs.sys.Linux;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One file or directory of the union, the same object under all its names and from lookup to the
 * last reference, whatever layer its content is in.
 */
public abstract sealed class Node permits DirNode, FileNode {
  private final long id;
  private final long ino;
  private final int type;

  /* References from outside the core: open handles, or the kernel's lookups. */
  private final AtomicLong references = new AtomicLong();

  /* The host inodes the node is known by: one, and one more after a copy-up. */
  private volatile List<HostInode> hosts = List.of();

  Node(long id, long ino, int type) {
    this.id = id;
    this.ino = ino;
    this.type = type;
  }

  /** The number that the node is known by outside; never used twice in a mount. */
  public final long id() {
    return id;
  }

  /** What {@code st_ino} shows, constant for the file's life. */
  public final long ino() {
    return ino;
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
    references.incrementAndGet();
  }

  /** Whether that was the last reference. */
  final boolean dropReferences(long number) {
    long left = references.addAndGet(-number);
    if (left < 0) {
      throw new IllegalStateException("node " + id + " released more often than retained");
    }
    return left == 0;
  }

  final boolean isReferenced() {
    return references.get() > 0;
  }

  /* Called while the node is new, or by its one copy-up. */
  final void addHost(HostInode host) {
    List<HostInode> now = hosts;
    hosts = now.isEmpty() ? List.of(host) : List.of(now.get(0), host);
  }

  final List<HostInode> hosts() {
    return hosts;
  }

  /** A path of the node in the union, for messages. */
  abstract String path();

  @Override
  public final String toString() {
    return path();
  }
}
