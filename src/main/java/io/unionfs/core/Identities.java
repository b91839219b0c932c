package io.unionfs.core;

import io.unionfs.layer.Layer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/*
 * As kernel overlayfs with xino=on: the inode numbers of the first file system are shown as they
 * are, those of the others carry the file system's place in the order of layers in their high bits.
 * The order does not depend on device numbers, which change at reboot.
 */
/** The inode numbers of the union, made from those of the host. */
final class Identities {
  private static final int HIGH_SHIFT = 56;

  /** A host inode. */
  record HostInode(int fileSystem, long ino) {
    @Override
    public int hashCode() {
      return (int) ((ino * 0x9E3779B97F4A7C15L) >>> 32) + fileSystem;
    }

    /** What {@code st_ino} shows for it. */
    long shown() {
      return ((long) fileSystem << HIGH_SHIFT) ^ ino;
    }
  }

  private final ConcurrentMap<Long, Integer> fileSystems = new ConcurrentHashMap<>();

  void register(Layer layer) {
    indexOf(layer.dev());
  }

  private int indexOf(long dev) {
    Integer known = fileSystems.get(dev);
    if (known != null) {
      return known;
    }
    synchronized (fileSystems) {
      return fileSystems.computeIfAbsent(dev, d -> fileSystems.size());
    }
  }

  HostInode host(long dev, long ino) {
    return new HostInode(indexOf(dev), ino);
  }

  /** What {@code st_ino} shows for a host inode; never 0. */
  long shown(long dev, long ino) {
    return host(dev, ino).shown();
  }
}
