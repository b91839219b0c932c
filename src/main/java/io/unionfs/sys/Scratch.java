package io.unionfs.sys;

import com.kenai.jffi.MemoryIO;
import java.nio.ByteBuffer;

/** Native memory of the calling thread, for one operation at a time; it goes with the thread. */
public final class Scratch {
  private static final int BYTES = 64 << 10;
  private static final ThreadLocal<Scratch> AREAS =
      ThreadLocal.withInitial(() -> new Scratch(BYTES));

  private final ByteBuffer memory; // keeps the address valid
  private final long address;

  Scratch(int bytes) {
    this.memory = ByteBuffer.allocateDirect(bytes);
    this.address = MemoryIO.getInstance().getDirectBufferAddress(memory);
  }

  public static Scratch get() {
    return AREAS.get();
  }

  public long address() {
    return address;
  }

  /** In bytes. */
  public int size() {
    return memory.capacity();
  }
}
