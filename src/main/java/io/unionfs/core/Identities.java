package io.unionfs.core;

import io.unionfs.layer.Layer;
import java.util.Arrays;

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
      return hash(fileSystem, ino);
    }

    /**
     * Spread over the high bits: inode numbers come in runs, which multiplying by the golden ratio
     * puts evenly there, and in heaps into the bits below.
     */
    static int hash(int fileSystem, long ino) {
      return (int) ((Identities.shown(fileSystem, ino) * 0x9E3779B97F4A7C15L) >>> 32);
    }

    /** What {@code st_ino} shows for it. */
    long shown() {
      return Identities.shown(fileSystem, ino);
    }
  }

  private static long shown(int fileSystem, long ino) {
    return ((long) fileSystem << HIGH_SHIFT) ^ ino;
  }

  /* Device numbers, each at its file system's place. A few, so looking at all takes no time. */
  private volatile long[] fileSystems = {};

  void register(Layer layer) {
    indexOf(layer.dev());
  }

  private int indexOf(long dev) {
    int known = indexOf(dev, fileSystems);
    return known >= 0 ? known : add(dev);
  }

  private static int indexOf(long dev, long[] all) {
    for (int i = 0; i < all.length; i++) {
      if (all[i] == dev) {
        return i;
      }
    }
    return -1;
  }

  private synchronized int add(long dev) {
    long[] before = fileSystems;
    int known = indexOf(dev, before);
    if (known >= 0) {
      return known;
    }
    long[] after = Arrays.copyOf(before, before.length + 1);
    after[before.length] = dev;
    fileSystems = after;
    return before.length;
  }

  HostInode host(long dev, long ino) {
    return new HostInode(indexOf(dev), ino);
  }

  /** What {@code st_ino} shows for a host inode; never 0. */
  long shown(long dev, long ino) {
    return shown(indexOf(dev), ino);
  }
}
