package io.unionfs.image.tar;

import io.unionfs.sys.Name;
import java.util.List;
import java.util.SortedMap;

/**
 * What an archive says of one object.
 *
 * @param name the path as it stands there
 * @param type the type flag, one of the constants
 * @param permissions the mode without type
 * @param mtime in seconds since the epoch
 * @param size of the file in bytes, holes included; 0 for what has no data
 * @param link the target of a link, as it stands there; empty for others
 * @param major of a device
 * @param xattrs by their names
 * @param extents where the file has data, in order; none for what has no data
 */
public record TarHeader(
    Name name,
    byte type,
    int permissions,
    long uid,
    long gid,
    long mtime,
    int mtimeNsec,
    long size,
    Name link,
    int major,
    int minor,
    SortedMap<Name, byte[]> xattrs,
    List<Extent> extents) {
  public static final byte FILE = '0';
  public static final byte HARD_LINK = '1';
  public static final byte SYMLINK = '2';
  public static final byte CHARACTER_DEVICE = '3';
  public static final byte BLOCK_DEVICE = '4';
  public static final byte DIRECTORY = '5';
  public static final byte FIFO = '6';

  /**
   * A part of a file that has data.
   *
   * @param offset in bytes
   * @param length in bytes
   */
  public record Extent(long offset, long length) {}

  /** The bytes that the archive has of the file. */
  public long stored() {
    long sum = 0;
    for (Extent extent : extents) {
      sum += extent.length();
    }
    return sum;
  }
}
