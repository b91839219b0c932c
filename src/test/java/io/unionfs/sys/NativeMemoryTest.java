package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class NativeMemoryTest {
  @Test
  void valuesComeBackAsTheyWerePut() {
    try (NativeMemory memory = NativeMemory.allocate(64)) {
      long at = memory.address();

      NativeMemory.putLong(at, 0x1122334455667788L);
      NativeMemory.putInt(at + 8, -2);
      NativeMemory.putShort(at + 12, (short) -3);
      NativeMemory.putByte(at + 14, (byte) -4);

      assertThat(memory.size()).isEqualTo(64);
      assertThat(NativeMemory.getLong(at)).isEqualTo(0x1122334455667788L);
      assertThat(NativeMemory.getInt(at + 8)).isEqualTo(-2);
      assertThat(NativeMemory.getShort(at + 12)).isEqualTo((short) -3);
      assertThat(NativeMemory.getByte(at + 14)).isEqualTo((byte) -4);
    }
  }

  @Test
  void blocksAreCopiedAndCleared() {
    try (NativeMemory memory = NativeMemory.allocate(16)) {
      long at = memory.address();
      NativeMemory.putBytes(at, new byte[] {9, 1, 2, 3, 4, 9}, 1, 4);

      NativeMemory.copy(at, at + 4, 4);
      NativeMemory.zero(at, 2);

      byte[] bytes = new byte[9];
      NativeMemory.getBytes(at, bytes, 1, 8);
      assertThat(bytes).containsExactly(0, 0, 0, 3, 4, 1, 2, 3, 4);
    }
  }

  @Test
  void closingTwiceFreesOnce() {
    NativeMemory memory = NativeMemory.allocate(16);

    memory.close();
    memory.close();

    assertThat(memory.address()).isZero();
  }

  @Test
  void scratchBelongsToItsThread() throws InterruptedException {
    AtomicLong other = new AtomicLong();
    Thread thread = new Thread(() -> other.set(Scratch.get().address()));

    thread.start();
    thread.join();

    assertThat(Scratch.get()).isSameAs(Scratch.get());
    assertThat(Scratch.get().size()).isEqualTo(64 << 10);
    assertThat(Scratch.get().address()).isNotEqualTo(other.get());
  }
}
