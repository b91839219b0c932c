package io.unionfs.image.tar;

import io.unionfs.sys.Name;
import java.nio.charset.StandardCharsets;

/** The block of 512 bytes that describes an object: the fields of ustar, and of GNU's dialect. */
final class TarBlock {
  static final int BYTES = 512;

  /* Offset and length of each field. */
  private static final int NAME = 0;
  private static final int NAME_BYTES = 100;
  private static final int MODE = 100;
  private static final int UID = 108;
  private static final int GID = 116;
  private static final int ID_BYTES = 8;
  private static final int SIZE = 124;
  private static final int MTIME = 136;
  private static final int LONG_BYTES = 12;
  private static final int CHECKSUM = 148;
  private static final int CHECKSUM_BYTES = 8;
  private static final int TYPE = 156;
  private static final int LINK = 157;
  private static final int MAGIC = 257;
  private static final int MAJOR = 329;
  private static final int MINOR = 337;
  private static final int PREFIX = 345;
  private static final int PREFIX_BYTES = 155;
  private static final int GNU_SPARSE = 386;
  private static final int GNU_EXTENDED = 482;
  private static final int GNU_REAL_SIZE = 483;

  static final int MOST_ID = 07777777;
  static final long MOST_LONG = 077777777777L;

  private final byte[] bytes;

  TarBlock(byte[] bytes) {
    this.bytes = bytes;
  }

  byte[] bytes() {
    return bytes;
  }

  boolean isZero() {
    for (byte b : bytes) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  /* Some old programs summed up signed bytes. */
  boolean hasItsChecksum() throws TarException {
    long said = octal(CHECKSUM, CHECKSUM_BYTES);
    int unsigned = 0;
    int signed = 0;
    for (int i = 0; i < BYTES; i++) {
      boolean own = i >= CHECKSUM && i < CHECKSUM + CHECKSUM_BYTES;
      unsigned += own ? ' ' : bytes[i] & 0xff;
      signed += own ? ' ' : bytes[i];
    }
    return said == unsigned || said == signed;
  }

  private boolean isUstar() {
    return text(MAGIC, 6).startsWith("ustar");
  }

  private boolean isGnu() {
    return new String(bytes, MAGIC, 8, StandardCharsets.ISO_8859_1).equals("ustar  \0");
  }

  byte type() {
    return bytes[TYPE];
  }

  Name name() {
    Name name = field(NAME, NAME_BYTES);
    if (!isUstar() || isGnu()) {
      return name;
    }
    Name prefix = field(PREFIX, PREFIX_BYTES);
    return prefix.length() == 0 ? name : prefix.concat(Name.of("/")).concat(name);
  }

  Name link() {
    return field(LINK, NAME_BYTES);
  }

  int permissions() throws TarException {
    return (int) (number(MODE, ID_BYTES) & 07777);
  }

  long uid() throws TarException {
    return number(UID, ID_BYTES);
  }

  long gid() throws TarException {
    return number(GID, ID_BYTES);
  }

  long size() throws TarException {
    return notNegative(number(SIZE, LONG_BYTES));
  }

  long mtime() throws TarException {
    return number(MTIME, LONG_BYTES);
  }

  int major() throws TarException {
    return deviceNumber(MAJOR);
  }

  int minor() throws TarException {
    return deviceNumber(MINOR);
  }

  private int deviceNumber(int at) throws TarException {
    long number = isUstar() ? number(at, ID_BYTES) : 0;
    if (number < 0 || number > 0xfffff) {
      throw new TarException("its device number makes no sense");
    }
    return (int) number;
  }

  /** The i-th offset or length of GNU's map of holes. */
  long sparse(int i) throws TarException {
    return notNegative(number(GNU_SPARSE + i * LONG_BYTES, LONG_BYTES));
  }

  /** The same in a block that continues the map. */
  long sparseMore(int i) throws TarException {
    return notNegative(number(i * LONG_BYTES, LONG_BYTES));
  }

  boolean continues() {
    return bytes[GNU_EXTENDED] != 0;
  }

  boolean continuesMore() {
    return bytes[504] != 0;
  }

  long realSize() throws TarException {
    return notNegative(number(GNU_REAL_SIZE, LONG_BYTES));
  }

  private static long notNegative(long number) throws TarException {
    if (number < 0) {
      throw new TarException("it has a negative size");
    }
    return number;
  }

  private long number(int at, int length) throws TarException {
    int first = bytes[at] & 0xff;
    if (first != 0x80 && first != 0xff) {
      return octal(at, length);
    }
    long value = first == 0xff ? -1 : 0;
    for (int i = 1; i < length; i++) {
      long next = (value << 8) | (bytes[at + i] & 0xff);
      if (next >> 8 != value) {
        throw new TarException("a number in its header is too large");
      }
      value = next;
    }
    return value;
  }

  private long octal(int at, int length) throws TarException {
    String digits = text(at, length).trim();
    try {
      long value = digits.isEmpty() ? 0 : Long.parseLong(digits, 8);
      if (value >= 0 && !digits.startsWith("+")) {
        return value;
      }
    } catch (NumberFormatException e) {
      throw new TarException("a number in its header makes no sense");
    }
    throw new TarException("a number in its header makes no sense");
  }

  private Name field(int at, int length) {
    return Name.of(bytes, at, lengthOf(at, length));
  }

  private String text(int at, int length) {
    return new String(bytes, at, lengthOf(at, length), StandardCharsets.ISO_8859_1);
  }

  private int lengthOf(int at, int length) {
    int used = 0;
    while (used < length && bytes[at + used] != 0) {
      used++;
    }
    return used;
  }

  // ---- writing

  /** A block of ustar with a name of at most 100 bytes. */
  static TarBlock of(byte type, int permissions, long size) {
    TarBlock block = new TarBlock(new byte[BYTES]);
    block.putOctal(MODE, ID_BYTES, permissions);
    block.putOctal(UID, ID_BYTES, 0);
    block.putOctal(GID, ID_BYTES, 0);
    block.putOctal(SIZE, LONG_BYTES, size);
    block.putOctal(MTIME, LONG_BYTES, 0);
    block.bytes[TYPE] = type;
    block.putText(MAGIC, "ustar\00000");
    block.putOctal(MAJOR, ID_BYTES, 0);
    block.putOctal(MINOR, ID_BYTES, 0);
    return block;
  }

  void setName(Name name) {
    name.copyTo(bytes, NAME);
  }

  /** Puts a path into both its fields; false if it does not fit. */
  boolean trySetPath(Name path) {
    if (path.length() <= NAME_BYTES) {
      setName(path);
      return true;
    }
    byte[] whole = path.bytes();
    for (int i = Math.min(PREFIX_BYTES, whole.length - 2); i > 0; i--) {
      if (whole[i] == '/' && whole.length - i - 1 <= NAME_BYTES) {
        System.arraycopy(whole, 0, bytes, PREFIX, i);
        System.arraycopy(whole, i + 1, bytes, NAME, whole.length - i - 1);
        return true;
      }
    }
    return false;
  }

  boolean trySetLink(Name link) {
    if (link.length() > NAME_BYTES) {
      return false;
    }
    link.copyTo(bytes, LINK);
    return true;
  }

  void setOwner(long uid, long gid) {
    putOctal(UID, ID_BYTES, uid);
    putOctal(GID, ID_BYTES, gid);
  }

  void setMtime(long seconds) {
    putOctal(MTIME, LONG_BYTES, seconds);
  }

  void setDevice(int major, int minor) {
    putOctal(MAJOR, ID_BYTES, major);
    putOctal(MINOR, ID_BYTES, minor);
  }

  /** The finished block. */
  byte[] sealed() {
    int sum = CHECKSUM_BYTES * ' ';
    for (int i = 0; i < BYTES; i++) {
      sum += i >= CHECKSUM && i < CHECKSUM + CHECKSUM_BYTES ? 0 : bytes[i] & 0xff;
    }
    putOctal(CHECKSUM, CHECKSUM_BYTES - 1, sum);
    bytes[CHECKSUM + CHECKSUM_BYTES - 1] = ' ';
    return bytes;
  }

  private void putOctal(int at, int length, long value) {
    String digits = Long.toOctalString(value);
    putText(at, "0".repeat(length - 1 - digits.length()) + digits);
  }

  private void putText(int at, String text) {
    byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(ascii, 0, bytes, at, ascii.length);
  }
}
