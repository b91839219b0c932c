package io.unionfs.transport.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.transport.kernel.codec.Opcode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What must be true of every reply, and what may be learned from it. */
final class FuzzReplies {
  private static final int HEADER_SIZE = 16;
  private static final int ENTRY_SIZE = 128;
  private static final int DIRENT_SIZE = 24;

  private FuzzReplies() {}

  /** Checks a successful reply to a request, and remembers the ids in it. */
  static void check(int opcode, ByteBuffer reply, FuzzMessages messages) {
    switch (opcode) {
      case Opcode.LOOKUP, Opcode.SYMLINK, Opcode.MKNOD, Opcode.MKDIR, Opcode.LINK -> {
        assertThat(reply.limit()).isEqualTo(HEADER_SIZE + ENTRY_SIZE);
        entry(reply, HEADER_SIZE, messages);
      }
      case Opcode.CREATE, Opcode.TMPFILE -> {
        assertThat(reply.limit()).isEqualTo(HEADER_SIZE + ENTRY_SIZE + 16);
        entry(reply, HEADER_SIZE, messages);
        messages.knowHandle(reply.getLong(HEADER_SIZE + ENTRY_SIZE));
      }
      case Opcode.OPEN -> messages.knowHandle(reply.getLong(HEADER_SIZE));
      case Opcode.GETATTR, Opcode.SETATTR -> {
        assertThat(reply.limit()).isEqualTo(HEADER_SIZE + 104);
        assertZero(reply, HEADER_SIZE + 12, 4);
        assertZero(reply, HEADER_SIZE + 16 + 84, 4);
      }
      case Opcode.WRITE, Opcode.COPY_FILE_RANGE -> {
        assertThat(reply.limit()).isEqualTo(HEADER_SIZE + 8);
        assertZero(reply, HEADER_SIZE + 4, 4);
      }
      case Opcode.STATFS -> {
        assertThat(reply.limit()).isEqualTo(HEADER_SIZE + 80);
        assertZero(reply, HEADER_SIZE + 52, 28);
      }
      case Opcode.STATX -> {
        assertThat(reply.limit()).isEqualTo(HEADER_SIZE + 288);
        assertZero(reply, HEADER_SIZE + 12, 20);
        assertZero(reply, HEADER_SIZE + 32 + 30, 2);
        assertZero(reply, HEADER_SIZE + 32 + 144, 112);
      }
      case Opcode.READDIR -> dirents(reply, false, messages);
      case Opcode.READDIRPLUS -> dirents(reply, true, messages);
      default -> {
        // data, or nothing
      }
    }
  }

  private static void entry(ByteBuffer reply, int at, FuzzMessages messages) {
    assertZero(reply, at + 12, 4);
    assertZero(reply, at + ENTRY_SIZE - 4, 4);
    long id = reply.getLong(at);
    if (id != 0) {
      messages.knowNode(id);
    }
  }

  private static void dirents(ByteBuffer reply, boolean plus, FuzzMessages messages) {
    int at = HEADER_SIZE;
    long before = Long.MIN_VALUE;
    while (at < reply.limit()) {
      if (plus) {
        entry(reply, at, messages);
        at += ENTRY_SIZE;
      }
      long position = reply.getLong(at + 8);
      int nameLength = reply.getInt(at + 16);
      assertThat(reply.getLong(at)).as("d_ino").isNotZero();
      assertThat(position).as("d_off").isGreaterThan(before).isPositive();
      assertThat(nameLength).isBetween(1, 255);
      int end = at + DIRENT_SIZE + nameLength;
      at = (end + 7) & ~7;
      assertThat(at).isLessThanOrEqualTo(reply.limit());
      assertZero(reply, end, at - end);
      before = position;
    }
  }

  private static void assertZero(ByteBuffer reply, int at, int length) {
    for (int i = 0; i < length; i++) {
      assertThat(reply.get(at + i)).as("padding at %d", at + i).isZero();
    }
  }

  static ByteBuffer of(byte[] message) {
    return ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
  }
}
