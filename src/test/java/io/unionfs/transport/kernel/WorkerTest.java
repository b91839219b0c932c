package io.unionfs.transport.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.statistics.Requests;
import io.unionfs.sys.NativeMemory;
import io.unionfs.transport.RequestNames;
import io.unionfs.transport.kernel.codec.Opcode;
import io.unionfs.transport.kernel.codec.RequestBytes;
import io.unionfs.transport.kernel.codec.Timeouts;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What one thread serves with, and how another interrupts it. */
final class WorkerTest {
  private static final int ROUNDS = 200_000;
  private static final Negotiation AGREED =
      new Negotiation(45, 0, 128 << 10, 0, false, Timeouts.of(-1), true);

  private final Worker worker = new Worker(AGREED, new Requests(RequestNames::of));

  @AfterEach
  void close() {
    worker.close();
    assertThat(Thread.interrupted()).as("a flag is left").isFalse();
  }

  private void wrap(long unique) {
    byte[] message = RequestBytes.of(Opcode.STATFS, unique, 1).build();
    NativeMemory.putBytes(worker.address(), message, 0, message.length);
    worker.request.wrap(worker.address(), message.length);
  }

  @Test
  void servedRequestIsInterrupted() {
    wrap(4);
    worker.begin();

    assertThat(worker.interrupt(4)).isTrue();
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
    worker.end();
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void interruptMayComeTwice() {
    wrap(4);
    worker.begin();

    assertThat(worker.interrupt(4)).isTrue();
    assertThat(worker.interrupt(4)).isTrue();
    worker.end();
  }

  @Test
  void otherRequestIsNot() {
    wrap(4);
    worker.begin();

    assertThat(worker.interrupt(6)).isFalse();
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    worker.end();
  }

  @Test
  void lateInterruptFindsNobody() {
    wrap(4);
    worker.begin();
    worker.end();

    assertThat(worker.interrupt(4)).isFalse();
  }

  @Test
  void idleThreadIsNeverInterrupted() {
    for (long number : new long[] {0, -1, 4}) {
      assertThat(worker.interrupt(number)).isFalse();
    }
    wrap(4);
    worker.begin();
    worker.end();
    for (long number : new long[] {0, -1, 4}) {
      assertThat(worker.interrupt(number)).isFalse();
    }
  }

  @Test
  void flagThatAHandlerLeftIsForgotten() {
    wrap(4);
    worker.begin();
    Thread.currentThread().interrupt();
    worker.end();

    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  /* The flag is looked at right after each request, and once more before the next. */
  @Test
  void lateInterruptNeverLeavesTheFlag() throws Exception {
    AtomicLong serving = new AtomicLong();
    AtomicLong hits = new AtomicLong();
    CountDownLatch started = new CountDownLatch(1);
    Thread other =
        new Thread(
            () -> {
              started.countDown();
              for (long unique = serving.get(); unique >= 0; unique = serving.get()) {
                if (worker.interrupt(unique)) {
                  hits.incrementAndGet();
                }
              }
            });
    other.start();
    started.await();
    int left = 0;
    for (long unique = 2; unique < 2L * ROUNDS; unique += 2) {
      wrap(unique);
      serving.set(unique);
      worker.begin();
      worker.end();
      if (Thread.interrupted()) {
        left++;
      }
    }
    serving.set(-2);
    other.join();

    assertThat(left).as("flags left after %d interrupts", hits.get()).isZero();
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void replyBehindTheLargestRequestHasRoom() {
    worker.request.wrap(worker.address(), worker.size());
    worker.reply.start(worker.request.behind(), 2);

    assertThat(worker.size()).isGreaterThan(AGREED.maxWrite() + (64 << 10) + 4096);
    assertThat(worker.room()).isGreaterThan(60 << 10);
  }

  @Test
  void replyToReadTakesAllThatWasAgreedOn() {
    worker.request.wrap(worker.address(), 80);
    worker.reply.start(worker.request.behind(), 2);

    assertThat(worker.room()).isGreaterThanOrEqualTo(AGREED.maxWrite() + (64 << 10));
  }
}
