package io.unionfs.sys;

import com.kenai.jffi.MemoryIO;

/** A block of native memory, freed on close, and the access to native memory at large. */
public final class NativeMemory implements AutoCloseable {
  private static final MemoryIO IO = MemoryIO.getInstance();

  private final long size;
  private long address;

  private NativeMemory(long address, long size) {
    this.address = address;
    this.size = size;
  }

  /**
   * Allocates a block, not cleared.
   *
   * @throws OutOfMemoryError if the host has none
   */
  public static NativeMemory allocate(long bytes) {
    long address = IO.allocateMemory(bytes, false);
    if (address == 0) {
      throw new OutOfMemoryError("native memory: " + bytes + " bytes");
    }
    return new NativeMemory(address, bytes);
  }

  public long address() {
    return address;
  }

  /** In bytes. */
  public long size() {
    return size;
  }

  @Override
  public void close() {
    if (address != 0) {
      IO.freeMemory(address);
      address = 0;
    }
  }

  public static byte getByte(long at) {
    return IO.getByte(at);
  }

  public static short getShort(long at) {
    return IO.getShort(at);
  }

  public static int getInt(long at) {
    return IO.getInt(at);
  }

  public static long getLong(long at) {
    return IO.getLong(at);
  }

  public static void putByte(long at, byte value) {
    IO.putByte(at, value);
  }

  public static void putShort(long at, short value) {
    IO.putShort(at, value);
  }

  public static void putInt(long at, int value) {
    IO.putInt(at, value);
  }

  public static void putLong(long at, long value) {
    IO.putLong(at, value);
  }

  public static void getBytes(long at, byte[] target, int offset, int length) {
    IO.getByteArray(at, target, offset, length);
  }

  public static void putBytes(long at, byte[] source, int offset, int length) {
    IO.putByteArray(at, source, offset, length);
  }

  public static void copy(long from, long to, long length) {
    IO.copyMemory(from, to, length);
  }

  public static void zero(long at, long length) {
    IO.setMemory(at, length, (byte) 0);
  }
}
