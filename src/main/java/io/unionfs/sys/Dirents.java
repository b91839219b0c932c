package io.unionfs.sys;

/** A cursor over a directory's entries (getdents64(2)), without allocation per entry. */
public final class Dirents implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 << 10;

  /* Offsets of struct linux_dirent64. */
  private static final int INO = 0;
  private static final int RECLEN = 16;
  private static final int TYPE = 18;
  private static final int NAME = 19;

  private final Sys sys;
  private final int fd;
  private final NativeMemory buffer;
  private int filled;
  private int next;
  private long entry;
  private int nameLength;

  private Dirents(Sys sys, int fd) {
    this.sys = sys;
    this.fd = fd;
    this.buffer = NativeMemory.allocate(BUFFER_BYTES);
  }

  /** A cursor before the first entry from the descriptor's offset, which stays the caller's. */
  public static Dirents open(Sys sys, int fd) {
    return new Dirents(sys, fd);
  }

  /** Moves to the next entry; false after the last. */
  public boolean next() throws ErrnoException {
    if (next >= filled) {
      filled = sys.getdents64(fd, buffer.address(), BUFFER_BYTES);
      next = 0;
      if (filled == 0) {
        return false;
      }
    }
    entry = buffer.address() + next;
    int length = NativeMemory.getShort(entry + RECLEN) & 0xffff;
    next += length;
    nameLength = 0;
    while (NativeMemory.getByte(entry + NAME + nameLength) != 0) {
      nameLength++;
    }
    return true;
  }

  public long ino() {
    return NativeMemory.getLong(entry + INO);
  }

  /** One of the {@code DT_} constants. */
  public int type() {
    return NativeMemory.getByte(entry + TYPE) & 0xff;
  }

  public int nameLength() {
    return nameLength;
  }

  public long nameAddress() {
    return entry + NAME;
  }

  public boolean isDotOrDotDot() {
    long name = entry + NAME;
    return nameLength <= 2
        && NativeMemory.getByte(name) == '.'
        && (nameLength == 1 || NativeMemory.getByte(name + 1) == '.');
  }

  public Name name() {
    return Name.fromNative(entry + NAME, nameLength);
  }

  /** Starts again from the first entry. */
  public void rewind() throws ErrnoException {
    sys.lseek(fd, 0, Linux.SEEK_SET);
    filled = 0;
    next = 0;
  }

  @Override
  public void close() {
    buffer.close();
  }
}
