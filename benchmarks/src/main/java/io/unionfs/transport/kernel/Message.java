package io.unionfs.transport.kernel;

import io.unionfs.transport.kernel.codec.In;
import io.unionfs.transport.kernel.codec.Opcode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The requests of a kernel, as bytes. */
final class Message {
  private static final int MOST_BYTES = 512;
  private static final int UNIQUE = 8;
  private static final int PID = 1;

  private final ByteBuffer bytes = ByteBuffer.allocate(MOST_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  private Message(int opcode, long nodeId) {
    u32(0).u32(opcode).u64(UNIQUE).u64(nodeId).u32(0).u32(0).u32(PID).u32(0);
  }

  static byte[] lookup(long parent, String name) {
    return new Message(Opcode.LOOKUP, parent).name(name).build();
  }

  static byte[] getattr(long node) {
    return new Message(Opcode.GETATTR, node).u64(0).u64(0).build();
  }

  static byte[] getxattr(long node, String name, int size) {
    return new Message(Opcode.GETXATTR, node).u32(size).u32(0).name(name).build();
  }

  static byte[] read(long node, long offset, int length) {
    return io(Opcode.READ, node, offset, length);
  }

  static byte[] readdirplus(long node, long offset, int length) {
    return io(Opcode.READDIRPLUS, node, offset, length);
  }

  private static byte[] io(int opcode, long node, long offset, int length) {
    return new Message(opcode, node).u64(0).u64(offset).u32(length).u32(0).u64(0).u64(0).build();
  }

  static byte[] open(long node, int flags) {
    return new Message(Opcode.OPEN, node).u32(flags).u32(0).build();
  }

  /** Wants {@link #setHandle}. */
  static byte[] release(long node) {
    return new Message(Opcode.RELEASE, node).u64(0).u64(0).u64(0).build();
  }

  /** Writes a handle into a request that begins with one. */
  static void setHandle(byte[] message, long handle) {
    for (int i = 0; i < Long.BYTES; i++) {
      message[In.HEADER_SIZE + i] = (byte) (handle >>> (Byte.SIZE * i));
    }
  }

  private Message u32(int value) {
    bytes.putInt(value);
    return this;
  }

  private Message u64(long value) {
    bytes.putLong(value);
    return this;
  }

  private Message name(String value) {
    bytes.put(value.getBytes(StandardCharsets.UTF_8)).put((byte) 0);
    return this;
  }

  private byte[] build() {
    bytes.putInt(0, bytes.position());
    return Arrays.copyOf(bytes.array(), bytes.position());
  }
}
