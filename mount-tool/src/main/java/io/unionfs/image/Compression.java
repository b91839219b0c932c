package io.unionfs.image;

import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.zip.GZIPInputStream;

/** How an archive is compressed. */
public enum Compression {
  NONE("tar"),
  GZIP("tar+gzip"),
  ZSTD("tar+zstd");

  private static final int BUFFER_BYTES = 1 << 16;
  private static final int MAGIC_BYTES = 4;
  private static final int ZSTD_LEVEL = 3;

  /* 128 MiB: what zstd --ultra may have used; more would be memory for the asking. */
  private static final int ZSTD_WINDOW_LOG = 27;

  private final String format;

  Compression(String format) {
    this.format = format;
  }

  /**
   * The compression of a format's name.
   *
   * @throws IllegalArgumentException for a name that is none, with a message for the user
   */
  public static Compression parse(String format) {
    for (Compression each : values()) {
      if (each.format.equals(format)) {
        return each;
      }
    }
    throw new IllegalArgumentException("format must be tar, tar+gzip, or tar+zstd, not " + format);
  }

  /** What the media type of an OCI layer ends in. */
  public String format() {
    return format;
  }

  /** A stream of what another one holds compressed, as its first bytes say. */
  static InputStream unpack(InputStream packed) throws IOException {
    BufferedInputStream in = new BufferedInputStream(packed, BUFFER_BYTES);
    in.mark(MAGIC_BYTES);
    byte[] magic = in.readNBytes(MAGIC_BYTES);
    in.reset();
    return switch (detect(magic)) {
      case NONE -> in;
      case GZIP -> new GZIPInputStream(in, BUFFER_BYTES);
      case ZSTD -> {
        ZstdLibrary.place();
        yield new ZstdInputStream(in).setLongMax(ZSTD_WINDOW_LOG);
      }
    };
  }

  static Compression detect(byte[] magic) {
    if (magic.length >= 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b) {
      return GZIP;
    }
    boolean framed = magic.length >= MAGIC_BYTES;
    boolean zstd =
        framed
            && magic[0] == 0x28
            && magic[1] == (byte) 0xb5
            && magic[2] == 0x2f
            && magic[3] == (byte) 0xfd;
    boolean skippable =
        framed
            && (magic[0] & 0xf0) == 0x50
            && magic[1] == 0x2a
            && magic[2] == 0x4d
            && magic[3] == 0x18;
    return zstd || skippable ? ZSTD : NONE;
  }

  /**
   * A stream that compresses into another one, always to the same bytes; closing it closes both.
   */
  OutputStream pack(OutputStream out) throws IOException {
    return switch (this) {
      case NONE -> out;
      case GZIP -> new GzipWriter(out);
      case ZSTD -> {
        ZstdLibrary.place();
        yield new ZstdOutputStream(out, ZSTD_LEVEL).setChecksum(true);
      }
    };
  }
}
