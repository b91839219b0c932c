package io.unionfs.transport.kernel.codec;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A request as the kernel would send it, appended field by field. */
public final class RequestBytes {
  private static final int HEADER_SIZE = 40;

  private ByteBuffer buffer = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);

  private RequestBytes() {}

  /** Begins with {@code struct fuse_in_header}, from a caller that is root. */
  public static RequestBytes of(int opcode, long unique, long nodeId) {
    RequestBytes made = new RequestBytes();
    made.u32(0).u32(opcode).u64(unique).u64(nodeId).u32(0).u32(0).u32(1).u32(0);
    return made;
  }

  public RequestBytes u32(int value) {
    room(Integer.BYTES).putInt(value);
    return this;
  }

  public RequestBytes u64(long value) {
    room(Long.BYTES).putLong(value);
    return this;
  }

  /** A name with its NUL. */
  public RequestBytes name(String value) {
    return bytes(value.getBytes(StandardCharsets.UTF_8)).bytes(new byte[1]);
  }

  public RequestBytes bytes(byte[] value) {
    room(value.length).put(value);
    return this;
  }

  private ByteBuffer room(int bytes) {
    if (buffer.remaining() < bytes) {
      int capacity = 2 * (buffer.position() + bytes);
      buffer =
          ByteBuffer.allocate(capacity)
              .order(ByteOrder.LITTLE_ENDIAN)
              .put(buffer.array(), 0, buffer.position());
    }
    return buffer;
  }

  /** The message, its length filled in. */
  public byte[] build() {
    return withLength(buffer.position());
  }

  /** The message with another length in its header. */
  public byte[] withLength(int length) {
    byte[] message = Arrays.copyOf(buffer.array(), Math.max(HEADER_SIZE, buffer.position()));
    ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN).putInt(0, length);
    return message;
  }
}
