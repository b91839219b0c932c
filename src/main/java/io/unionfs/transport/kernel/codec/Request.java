package io.unionfs.transport.kernel.codec;

import io.unionfs.sys.Errno;
import io.unionfs.sys.NativeMemory;

/**
 * A view of one request in native memory; reusable. {@link #wrap} takes whatever the device gave,
 * {@link #check} says whether it is well-formed, and only then may its fields be asked for.
 */
public final class Request {
  private static final int LENGTH = 0;
  private static final int OPCODE = 4;
  private static final int UNIQUE = 8;
  private static final int NODE_ID = 16;
  private static final int UID = 24;
  private static final int GID = 28;
  private static final int PID = 32;
  private static final int EXTENSION_LENGTH = 36;
  private static final int EXTENSION_UNIT = 8;
  private static final int MAX_NAMES = 2;

  private long address;
  private int length;
  private int end;
  private int setxattrSize = In.SETXATTR_SIZE;
  private final int[] nameAt = new int[MAX_NAMES];
  private final int[] nameLength = new int[MAX_NAMES];
  private int afterNames;

  /** Says that the kernel sends the longer {@code fuse_setxattr_in} ({@code SETXATTR_EXT}). */
  public void useLongSetxattr(boolean value) {
    setxattrSize = value ? In.SETXATTR_EXT_SIZE : In.SETXATTR_SIZE;
  }

  /** Points the view at {@code bytes} bytes that were read from the device. */
  public void wrap(long at, int bytes) {
    address = at;
    length = bytes;
  }

  /** Whether there is a whole header; without one a message cannot even be refused. */
  public boolean hasHeader() {
    return length >= In.HEADER_SIZE;
  }

  /**
   * Checks lengths and names.
   *
   * @return 0; {@code ENOSYS} for a kind that is not known; {@code EINVAL} for a message that
   *     contradicts itself
   */
  public int check() {
    if (NativeMemory.getInt(address + LENGTH) != length) {
      return Errno.EINVAL;
    }
    int extension = EXTENSION_UNIT * (NativeMemory.getShort(address + EXTENSION_LENGTH) & 0xffff);
    end = length - extension;
    if (end < In.HEADER_SIZE) {
      return Errno.EINVAL;
    }
    int opcode = opcode();
    if (!Shape.isKnown(opcode)) {
      return Errno.ENOSYS;
    }
    int fixed = opcode == Opcode.SETXATTR ? setxattrSize : Shape.fixed(opcode);
    if (end - In.HEADER_SIZE < fixed) {
      return Errno.EINVAL;
    }
    return findNames(In.HEADER_SIZE + fixed, Shape.names(opcode)) && hasPayload(opcode)
        ? 0
        : Errno.EINVAL;
  }

  private boolean findNames(int from, int names) {
    int at = from;
    for (int i = 0; i < names; i++) {
      int start = at;
      while (at < end && NativeMemory.getByte(address + at) != 0) {
        at++;
      }
      if (at == end) {
        return false;
      }
      nameAt[i] = start;
      nameLength[i] = at - start;
      at++;
    }
    afterNames = at;
    return true;
  }

  private boolean hasPayload(int opcode) {
    long wanted =
        switch (opcode) {
          case Opcode.WRITE -> unsigned(In.IO_LENGTH);
          case Opcode.SETXATTR -> unsigned(In.SETXATTR_LENGTH);
          case Opcode.IOCTL -> unsigned(In.IOCTL_IN_LENGTH);
          case Opcode.BATCH_FORGET -> unsigned(In.BATCH_COUNT) * In.BATCH_ITEM_SIZE;
          default -> 0;
        };
    return payloadLength() >= wanted;
  }

  private long unsigned(int offset) {
    return u32(offset) & 0xffffffffL;
  }

  public int opcode() {
    return NativeMemory.getInt(address + OPCODE);
  }

  public long unique() {
    return NativeMemory.getLong(address + UNIQUE);
  }

  public long nodeId() {
    return NativeMemory.getLong(address + NODE_ID);
  }

  /** The file system user id of the caller. */
  public int uid() {
    return NativeMemory.getInt(address + UID);
  }

  public int gid() {
    return NativeMemory.getInt(address + GID);
  }

  public int pid() {
    return NativeMemory.getInt(address + PID);
  }

  /** A field of four bytes, by its offset in {@link In}. */
  public int u32(int offset) {
    return NativeMemory.getInt(address + In.HEADER_SIZE + offset);
  }

  /** A field of eight bytes, by its offset in {@link In}. */
  public long u64(int offset) {
    return NativeMemory.getLong(address + In.HEADER_SIZE + offset);
  }

  /** Where name {@code i} begins. */
  public long nameAddress(int i) {
    return address + nameAt[i];
  }

  /** The length of name {@code i} without its NUL. */
  public int nameLength(int i) {
    return nameLength[i];
  }

  /** Where what follows the fixed part and the names begins: data, a value, or items. */
  public long payload() {
    return address + afterNames;
  }

  /** The length of what follows, without extensions. */
  public int payloadLength() {
    return end - afterNames;
  }

  /** Where the extensions begin: after the names, in kernels that do not say how long they are. */
  public long extensions() {
    return end == length ? payload() : address + end;
  }

  /** The length of the extensions; rests of other data where the kernel does not say. */
  public int extensionsLength() {
    return end == length ? payloadLength() : length - end;
  }

  /** The first free byte behind the message, aligned to eight. */
  public long behind() {
    return address + ((length + 7L) & ~7L);
  }

  /** The size of the whole message in bytes. */
  public int length() {
    return length;
  }
}
