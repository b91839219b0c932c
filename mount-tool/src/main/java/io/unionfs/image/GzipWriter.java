package io.unionfs.image;

import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/**
 * A gzip file without time and name, that says of no system that it comes from it. {@code
 * GZIPOutputStream} writes what its Java version takes for the system's number.
 */
final class GzipWriter extends DeflaterOutputStream {
  private static final int LEVEL = 6;
  private static final int BUFFER_BYTES = 1 << 16;
  private static final byte[] HEADER = {
    0x1f, (byte) 0x8b, Deflater.DEFLATED, 0, 0, 0, 0, 0, 0, (byte) 255
  };

  private final CRC32 crc = new CRC32();
  private boolean finished;

  GzipWriter(OutputStream out) throws IOException {
    super(out, new Deflater(LEVEL, true), BUFFER_BYTES);
    out.write(HEADER);
  }

  @Override
  public void write(byte[] data, int offset, int length) throws IOException {
    super.write(data, offset, length);
    crc.update(data, offset, length);
  }

  @Override
  public void finish() throws IOException {
    if (finished) {
      return;
    }
    finished = true;
    super.finish();
    writeInt((int) crc.getValue());
    writeInt((int) def.getBytesRead());
  }

  private void writeInt(int value) throws IOException {
    out.write(
        new byte[] {(byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)});
  }

  @Override
  public void close() throws IOException {
    try {
      super.close();
    } finally {
      def.end();
    }
  }
}
