package io.unionfs.layer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The part of an access ACL that is the mode, in the xattr's format (linux/posix_acl_xattr.h): a
 * header of 4 bytes, then tag, permissions and id of each entry, little-endian.
 */
final class AclMode {
  private static final int HEADER_BYTES = 4;
  private static final int ENTRY_BYTES = 8;
  private static final int USER_OBJ = 0x01;
  private static final int GROUP_OBJ = 0x04;
  private static final int MASK = 0x10;
  private static final int OTHER = 0x20;

  private AclMode() {}

  /** The permission bits that an ACL gives; {@code otherwise} for those that it has no entry of. */
  static int of(byte[] acl, int otherwise) {
    ByteBuffer entries = entries(acl);
    int group = groupTag(entries);
    int bits = otherwise;
    for (int at = HEADER_BYTES; at + ENTRY_BYTES <= acl.length; at += ENTRY_BYTES) {
      int shift = shift(entries.getShort(at), group);
      if (shift >= 0) {
        bits = (bits & ~(07 << shift)) | ((entries.getShort(at + 2) & 07) << shift);
      }
    }
    return bits;
  }

  /** An ACL with the bits of a mode in place of its own. */
  static byte[] withMode(byte[] acl, int permissions) {
    byte[] changed = acl.clone();
    ByteBuffer entries = entries(changed);
    int group = groupTag(entries);
    for (int at = HEADER_BYTES; at + ENTRY_BYTES <= changed.length; at += ENTRY_BYTES) {
      int shift = shift(entries.getShort(at), group);
      if (shift >= 0) {
        entries.putShort(at + 2, (short) ((permissions >> shift) & 07));
      }
    }
    return changed;
  }

  private static ByteBuffer entries(byte[] acl) {
    return ByteBuffer.wrap(acl).order(ByteOrder.LITTLE_ENDIAN);
  }

  /* The group bits of the mode are the mask, where there is one. */
  private static int groupTag(ByteBuffer entries) {
    for (int at = HEADER_BYTES; at + ENTRY_BYTES <= entries.capacity(); at += ENTRY_BYTES) {
      if (entries.getShort(at) == MASK) {
        return MASK;
      }
    }
    return GROUP_OBJ;
  }

  private static int shift(int tag, int group) {
    if (tag == USER_OBJ) {
      return 6;
    }
    if (tag == group) {
      return 3;
    }
    return tag == OTHER ? 0 : -1;
  }
}
