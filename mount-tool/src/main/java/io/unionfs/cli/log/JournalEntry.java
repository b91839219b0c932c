package io.unionfs.cli.log;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** An entry of the journal, as its native protocol has it: one datagram of named fields. */
final class JournalEntry {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** Adds a field with a text, of which at most so many bytes. */
  JournalEntry add(String name, String text, int mostBytes) {
    return add(name, cut(text.getBytes(StandardCharsets.UTF_8), mostBytes));
  }

  /* NAME=VALUE and a line feed; with one in the value NAME, line feed, length, and VALUE. */
  /**
   * Adds a field.
   *
   * @param name of capital letters, digits and underscores
   * @param value any bytes
   */
  JournalEntry add(String name, byte[] value) {
    bytes.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
    if (hasLineFeed(value)) {
      bytes.write('\n');
      bytes.writeBytes(
          ByteBuffer.allocate(Long.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(value.length)
              .array());
    } else {
      bytes.write('=');
    }
    bytes.writeBytes(value);
    bytes.write('\n');
    return this;
  }

  private static boolean hasLineFeed(byte[] value) {
    for (byte b : value) {
      if (b == '\n') {
        return true;
      }
    }
    return false;
  }

  /* Not in the middle of a character, and said at the end. */
  private static byte[] cut(byte[] text, int mostBytes) {
    if (text.length <= mostBytes) {
      return text;
    }
    int end = mostBytes;
    while (end > 0 && (text[end] & 0xc0) == 0x80) {
      end--;
    }
    byte[] note = (" [" + (text.length - end) + " bytes more]").getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(end + note.length).put(text, 0, end).put(note).array();
  }

  byte[] toBytes() {
    return bytes.toByteArray();
  }
}
