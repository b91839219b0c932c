package io.unionfs.image;

import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.util.SortedMap;

/**
 * What a layer says of an object beside its type and its content.
 *
 * @param permissions the mode without type
 * @param mtime in seconds since the epoch
 * @param xattrs as a union shows them, by their names; ACLs and capabilities among them
 */
public record Attributes(
    int permissions, int uid, int gid, long mtime, int mtimeNsec, SortedMap<Name, byte[]> xattrs) {
  /** What statx(2) said, and the extended attributes. */
  static Attributes of(Stat stat, SortedMap<Name, byte[]> xattrs) {
    return new Attributes(
        stat.permissions(), stat.uid, stat.gid, stat.mtime, stat.mtimeNsec, xattrs);
  }

  /** Whether it is root's with the usual mode, and nothing more, whatever the time. */
  boolean isPlain() {
    return permissions == 0755 && uid == 0 && gid == 0 && xattrs.isEmpty();
  }
}
