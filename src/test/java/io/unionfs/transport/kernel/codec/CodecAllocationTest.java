package io.unionfs.transport.kernel.codec;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Stat;
import io.unionfs.sys.StatFs;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The reading of requests and writing of replies leaves nothing for the garbage collector. */
final class CodecAllocationTest {
  private static final int CALLS = 5_000;
  private static final int LESS_THAN_AN_OBJECT = 8;
  private static final Timeouts TIMEOUTS = Timeouts.of(-1);

  private final NativeMemory memory = NativeMemory.allocate(4096);
  private final Request request = new Request();
  private final Reply reply = new Reply();
  private final Stat stat = new Stat();
  private final StatFs statFs = new StatFs();
  private long sum;

  @BeforeEach
  void clear() {
    NativeMemory.zero(memory.address(), memory.size());
  }

  @AfterEach
  void free() {
    memory.close();
  }

  @Test
  void requests() throws Exception {
    for (GoldenRequest golden : GoldenRequest.all()) {
      int length = golden.bytes().length;
      NativeMemory.putBytes(memory.address(), golden.bytes(), 0, length);
      request.useLongSetxattr(golden.title().endsWith("long"));
      assertNoAllocation(() -> read(length));
    }
  }

  private void read(int length) {
    request.wrap(memory.address(), length);
    if (request.hasHeader() && request.check() == 0) {
      sum += request.opcode() + request.unique() + request.nodeId() + request.uid();
      sum += request.u32(0) + request.u64(8) + request.nameAddress(0) + request.nameLength(0);
      sum += request.payload() + request.payloadLength() + request.extensions() + request.behind();
    }
  }

  @Test
  void replies() {
    assertNoAllocation(
        () -> {
          reply.start(memory.address(), 1);
          reply.entry(1, 1, TIMEOUTS, stat);
          reply.negativeEntry(TIMEOUTS);
          reply.attr(TIMEOUTS, stat);
          reply.statx(TIMEOUTS, stat);
          reply.open(1, 0, 0);
          reply.statfs(statFs);
          sum += reply.dirent(1, 1, 1, 1);
          reply.size(1);
          reply.ioctl();
          reply.finish(0);
        });
  }

  private void assertNoAllocation(Runnable call) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().getId();
    repeat(call);
    long before = threads.getThreadAllocatedBytes(self);
    repeat(call);
    long allocated = threads.getThreadAllocatedBytes(self) - before;

    assertThat(allocated / CALLS).as("sum %d", sum).isLessThan(LESS_THAN_AN_OBJECT);
  }

  private static void repeat(Runnable call) {
    for (int i = 0; i < CALLS; i++) {
      call.run();
    }
  }
}
