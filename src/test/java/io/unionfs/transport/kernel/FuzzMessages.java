package io.unionfs.transport.kernel;

import io.unionfs.sys.Linux;
import io.unionfs.transport.kernel.codec.Opcode;
import io.unionfs.transport.kernel.codec.RequestBytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/*
 * Sizes and offsets stay small or are negative, flags that would make a file immutable are left out,
 * and names have no slashes, which no kernel sends: a run must not fill the disk, leave what cannot be
 * removed, or write outside its directories.
 */
/** Random messages of a kernel that may have gone mad. */
final class FuzzMessages {
  private static final int HEADER_SIZE = 40;
  private static final int UNIQUE_START = 8;
  private static final int UNIQUE_END = 16;
  private static final int MOST_KNOWN = 64;
  private static final String[] NAMES = {
    "a",
    "b",
    "c",
    "dir",
    "sub",
    "link",
    "hard0",
    "hard1",
    "new",
    "",
    "longer name",
    "x".repeat(255),
    "y".repeat(256)
  };
  private static final String[] XATTRS = {
    "user.a", "user.b", "trusted.c", "system.posix_acl_access", "system.posix_acl_default",
    "security.capability", "trusted.overlay.opaque", "user.overlay.whiteout", "odd", ""
  };
  private static final int[] TYPES = {
    0, Linux.S_IFREG, Linux.S_IFIFO, Linux.S_IFSOCK, Linux.S_IFCHR, Linux.S_IFDIR, Linux.S_IFLNK
  };
  private static final int[] IOCTLS = {
    0x80086601, 0x40086602, 0x80046601, 0x801c581f, 0x401c5820, 0x5401, 0
  };
  private static final int[] OPCODES = {
    1, 1, 1, 2, 3, 4, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 15, 16, 16, 16, 17, 18, 20, 21, 22, 23,
    24, 25, 26, 27, 28, 28, 29, 30, 34, 35, 35, 36, 38, 39, 42, 43, 44, 44, 45, 46, 47, 50, 51, 52,
    53
  };

  private final Random random;
  private final boolean longSetxattr;
  private final List<Long> nodeIds = new ArrayList<>(List.of(1L));
  private final List<Long> handles = new ArrayList<>(List.of(0L));
  private long lastUnique = 100;

  FuzzMessages(long seed, boolean longSetxattr) {
    this.random = new Random(seed);
    this.longSetxattr = longSetxattr;
  }

  /** Remembers a node id for later messages. */
  void knowNode(long id) {
    know(nodeIds, id);
  }

  /** Remembers a handle for later messages. */
  void knowHandle(long handle) {
    know(handles, handle);
  }

  private void know(List<Long> known, long value) {
    if (known.size() < MOST_KNOWN) {
      known.add(value);
    } else {
      known.set(1 + random.nextInt(MOST_KNOWN - 1), value);
    }
  }

  /** The next message: whole, damaged, or nonsense. */
  byte[] next() {
    int opcode = OPCODES[random.nextInt(OPCODES.length)];
    byte[] message = valid(opcode);
    return switch (random.nextInt(12)) {
      case 0 -> truncated(message);
      case 1 -> lying(message);
      case 2 -> damaged(message);
      case 3 -> nonsense();
      default -> message;
    };
  }

  /** A number for a request, never used before. */
  long unique() {
    lastUnique += 2;
    return lastUnique;
  }

  private byte[] truncated(byte[] message) {
    int least = random.nextInt(30) == 0 ? 1 : HEADER_SIZE; // each without a header is logged
    byte[] cut = Arrays.copyOf(message, least + random.nextInt(message.length - least + 1));
    if (cut.length >= Integer.BYTES && random.nextBoolean()) {
      putInt(cut, 0, cut.length);
    }
    return cut;
  }

  private byte[] lying(byte[] message) {
    putInt(message, 0, random.nextBoolean() ? random.nextInt() : random.nextInt(200));
    return message;
  }

  /** Some bytes of the header replaced, but not its number. */
  private byte[] damaged(byte[] message) {
    for (int i = random.nextInt(4); i >= 0; i--) {
      int at = random.nextInt(HEADER_SIZE);
      if (at < UNIQUE_START || at >= UNIQUE_END) {
        message[at] = (byte) random.nextInt();
      }
    }
    return message;
  }

  private byte[] nonsense() {
    int opcode = random.nextBoolean() ? random.nextInt() : 1 + random.nextInt(100);
    if (Arrays.stream(OPCODES).anyMatch(known -> known == opcode)) {
      return valid(opcode);
    }
    return request(opcode).bytes(noise(random.nextInt(300))).build();
  }

  private static void putInt(byte[] message, int at, int value) {
    for (int i = 0; i < Integer.BYTES; i++) {
      message[at + i] = (byte) (value >>> (8 * i));
    }
  }

  private RequestBytes request(int opcode) {
    return RequestBytes.of(opcode, unique(), nodeId());
  }

  private long nodeId() {
    return switch (random.nextInt(20)) {
      case 0 -> random.nextLong();
      case 1 -> random.nextInt(3);
      case 2, 3, 4, 5 -> 1;
      default -> nodeIds.get(random.nextInt(nodeIds.size()));
    };
  }

  private long handle() {
    return random.nextInt(8) == 0 ? random.nextLong() : handles.get(random.nextInt(handles.size()));
  }

  private String name() {
    return NAMES[random.nextInt(NAMES.length)];
  }

  private String xattr() {
    return XATTRS[random.nextInt(XATTRS.length)];
  }

  private byte[] noise(int length) {
    byte[] noise = new byte[length];
    random.nextBytes(noise);
    return noise;
  }

  private int mode() {
    return random.nextInt(010000);
  }

  private long offset() {
    return random.nextInt(10) == 0 ? -1 - random.nextInt(5000) : random.nextInt(100_000);
  }

  private int length() {
    return switch (random.nextInt(10)) {
      case 0 -> random.nextInt();
      case 1 -> 1 << 20;
      default -> random.nextInt(70_000);
    };
  }

  private byte[] valid(int opcode) {
    RequestBytes request = request(opcode);
    switch (opcode) {
      case Opcode.LOOKUP ->
          request.name(
              switch (random.nextInt(12)) {
                case 0 -> ".";
                case 1 -> "..";
                default -> name();
              });
      case Opcode.UNLINK, Opcode.RMDIR -> request.name(name());
      case Opcode.SYMLINK -> request.name(name()).name("target/" + name());
      case Opcode.MKNOD ->
          request
              .u32(TYPES[random.nextInt(TYPES.length)] | mode())
              .u32(random.nextInt(3) * 0x101)
              .u32(mode())
              .u32(random.nextInt())
              .name(name());
      case Opcode.MKDIR -> request.u32(mode()).u32(mode()).name(name());
      case Opcode.RENAME -> request.u64(nodeId()).name(name()).name(name());
      case Opcode.RENAME2 ->
          request
              .u64(nodeId())
              .u32(random.nextInt(4))
              .u32(random.nextInt())
              .name(name())
              .name(name());
      case Opcode.LINK -> request.u64(nodeId()).name(name());
      case Opcode.CREATE, Opcode.TMPFILE ->
          request.u32(openFlags()).u32(mode()).u32(mode()).u32(0).name(name());
      case Opcode.OPEN, Opcode.OPENDIR -> request.u32(openFlags()).u32(random.nextInt(2));
      case Opcode.FORGET -> request.u64(random.nextInt(3) == 0 ? random.nextLong() : 1);
      case Opcode.BATCH_FORGET ->
          request.u32(2).u32(random.nextInt()).u64(nodeId()).u64(1).u64(nodeId()).u64(2);
      case Opcode.INTERRUPT -> request.u64(lastUnique - 2L * random.nextInt(10));
      case Opcode.SETXATTR, Opcode.GETXATTR, Opcode.LISTXATTR, Opcode.REMOVEXATTR ->
          xattr(opcode, request);
      default -> data(opcode, request);
    }
    return request.build();
  }

  private int openFlags() {
    return random.nextInt(3)
        | (random.nextBoolean() ? Linux.O_TRUNC : 0)
        | (random.nextBoolean() ? Linux.O_EXCL : 0);
  }

  private void xattr(int opcode, RequestBytes request) {
    switch (opcode) {
      case Opcode.SETXATTR -> {
        byte[] value = noise(random.nextInt(5) == 0 ? 65_536 : random.nextInt(100));
        request.u32(value.length).u32(random.nextInt(4));
        if (longSetxattr) {
          request.u32(random.nextInt(2)).u32(0);
        }
        request.name(xattr()).bytes(value);
      }
      case Opcode.GETXATTR -> request.u32(size()).u32(random.nextInt()).name(xattr());
      case Opcode.LISTXATTR -> request.u32(size()).u32(random.nextInt());
      default -> request.name(xattr());
    }
  }

  private int size() {
    return random.nextBoolean() ? 0 : length();
  }

  private void data(int opcode, RequestBytes request) {
    switch (opcode) {
      case Opcode.READ, Opcode.READDIR, Opcode.READDIRPLUS ->
          request
              .u64(handle())
              .u64(random.nextInt(4) == 0 ? random.nextLong() : random.nextInt(3))
              .u32(length())
              .bytes(noise(20));
      case Opcode.WRITE -> {
        byte[] bytes = noise(random.nextInt(20_000));
        request.u64(handle()).u64(offset()).u32(bytes.length).u32(random.nextInt(8));
        request.bytes(noise(16)).bytes(bytes);
      }
      case Opcode.SETATTR ->
          request
              .u32(random.nextInt(1 << 12))
              .u32(random.nextInt())
              .u64(handle())
              .u64(offset())
              .bytes(noise(8))
              .u64(random.nextInt())
              .u64(random.nextInt())
              .u64(random.nextInt())
              .u32(random.nextInt(1_100_000_000))
              .u32(random.nextInt(1_100_000_000))
              .u32(0)
              .u32(mode())
              .u32(random.nextInt())
              .u32(random.nextInt(3))
              .u32(random.nextInt(3))
              .u32(random.nextInt());
      case Opcode.FALLOCATE ->
          request.u64(handle()).u64(offset()).u64(offset()).u32(random.nextInt(128)).u32(0);
      case Opcode.LSEEK ->
          request.u64(handle()).u64(offset()).u32(random.nextInt(6)).u32(random.nextInt());
      case Opcode.COPY_FILE_RANGE, Opcode.COPY_FILE_RANGE_64 ->
          request
              .u64(handle())
              .u64(offset())
              .u64(nodeId())
              .u64(handle())
              .u64(offset())
              .u64(offset())
              .u64(random.nextInt(8) == 0 ? 1 : 0);
      case Opcode.IOCTL -> {
        byte[] argument = new byte[random.nextInt(40)];
        request.u64(handle()).u32(random.nextInt(32)).u32(IOCTLS[random.nextInt(IOCTLS.length)]);
        request.u64(random.nextLong()).u32(argument.length).u32(random.nextInt(40)).bytes(argument);
      }
      case Opcode.INIT -> request.bytes(noise(64));
      case Opcode.RELEASE, Opcode.RELEASEDIR, Opcode.FSYNC, Opcode.FSYNCDIR, Opcode.FLUSH ->
          request.u64(handle()).bytes(noise(16));
      case Opcode.READLINK, Opcode.STATFS, Opcode.DESTROY -> {
        // a header is all
      }
      default -> request.bytes(noise(24));
    }
  }
}
