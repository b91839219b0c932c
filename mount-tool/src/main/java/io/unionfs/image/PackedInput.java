package io.unionfs.image;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;

/** An archive as it lies there, while its digest is made. */
final class PackedInput extends FilterInputStream {
  private final MessageDigest digest;
  private long bytes;

  PackedInput(InputStream in, MessageDigest digest) {
    super(in);
    this.digest = digest;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    int read = super.read(target, offset, length);
    if (read > 0) {
      digest.update(target, offset, read);
      bytes += read;
    }
    return read;
  }

  /* GZIPInputStream looks for another member only if there seem to be bytes, and a slow pipe has none. */
  @Override
  public int available() {
    return 1;
  }

  @Override
  public boolean markSupported() {
    return false;
  }

  /** How many bytes were read. */
  long bytes() {
    return bytes;
  }

  /** Reads to the end. */
  void drain() throws IOException {
    byte[] rest = new byte[1 << 16];
    int read;
    do {
      read = read(rest, 0, rest.length);
    } while (read >= 0);
  }
}
