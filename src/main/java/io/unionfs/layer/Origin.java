package io.unionfs.layer;

import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Name;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The on-disk form of a lower file's identity: {@code struct ovl_fb} of kernel overlayfs
 * (fs/overlayfs/overlayfs.h), version 0: version, magic, length, flags, handle type, file system
 * UUID, handle.
 */
public final class Origin {
  /** Length of a file system UUID in bytes. */
  public static final int UUID_BYTES = 16;

  private static final byte MAGIC = (byte) 0xfb;
  private static final int HEADER_BYTES = 5 + UUID_BYTES;
  private static final int FLAG_BIG_ENDIAN = 1;
  private static final int FLAG_ANY_ENDIAN = 2;

  private Origin() {}

  /**
   * Encodes a handle.
   *
   * @param uuid the file system's UUID, all zero where it has none
   */
  public static byte[] encode(FileHandle handle, byte[] uuid) {
    byte[] fid = handle.bytes();
    byte[] out = new byte[HEADER_BYTES + fid.length];
    out[1] = MAGIC;
    out[2] = (byte) out.length;
    out[3] = (byte) (ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? FLAG_BIG_ENDIAN : 0);
    out[4] = (byte) handle.type();
    System.arraycopy(uuid, 0, out, 5, UUID_BYTES);
    System.arraycopy(fid, 0, out, HEADER_BYTES, fid.length);
    return out;
  }

  /** The name that the index of hard links has for a lower file of this origin. */
  public static Name indexName(byte[] origin) {
    return Name.of(HexFormat.of().formatHex(origin).getBytes(StandardCharsets.US_ASCII));
  }

  /** Decodes a handle; null for what is no origin of this version and byte order. */
  public static @Nullable FileHandle decode(byte[] value) {
    if (value.length <= HEADER_BYTES
        || value[0] != 0
        || value[1] != MAGIC
        || (value[2] & 0xff) != value.length) {
      return null;
    }
    boolean big = (value[3] & FLAG_BIG_ENDIAN) != 0;
    boolean any = (value[3] & FLAG_ANY_ENDIAN) != 0;
    if (!any && big != (ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN)) {
      return null;
    }
    return new FileHandle(
        value[4] & 0xff, Arrays.copyOfRange(value, HEADER_BYTES, value.length), 0);
  }
}
