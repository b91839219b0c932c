package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class SharedFdTest {
  private static final int FD = 77;

  private final CountingSys sys = new CountingSys();
  private final SharedFd fd = new SharedFd(sys, FD);

  /** Counts closes instead of doing them. */
  private static final class CountingSys extends Sys {
    final AtomicInteger closes = new AtomicInteger();

    @Override
    public void close(int closed) {
      assertThat(closed).isEqualTo(FD);
      closes.incrementAndGet();
    }
  }

  @Test
  void retiringAnUnpinnedOneClosesItAtOnce() {
    fd.retire();

    assertThat(sys.closes).hasValue(1);
    assertThat(fd.tryPin()).isFalse();
  }

  @Test
  void theLastPinClosesARetiredOne() {
    assertThat(fd.tryPin()).isTrue();
    assertThat(fd.tryPin()).isTrue();
    assertThat(fd.fd()).isEqualTo(FD);

    fd.retire();
    fd.unpin();
    assertThat(sys.closes).hasValue(0);
    fd.unpin();

    assertThat(sys.closes).hasValue(1);
  }

  @Test
  void retiringTwiceClosesOnce() {
    fd.retire();
    fd.retire();

    assertThat(sys.closes).hasValue(1);
  }

  @Test
  void unpinnedButNotRetiredStaysOpen() {
    assertThat(fd.tryPin()).isTrue();
    fd.unpin();

    assertThat(sys.closes).hasValue(0);
    assertThat(fd.tryPin()).isTrue();
  }

  @Test
  void isClosedExactlyOnceAndNeverWhilePinned() throws InterruptedException {
    for (int round = 0; round < 500; round++) {
      CountingSys counting = new CountingSys();
      SharedFd shared = new SharedFd(counting, FD);
      AtomicInteger closedWhilePinned = new AtomicInteger();
      CountDownLatch start = new CountDownLatch(1);
      ExecutorService threads = Executors.newFixedThreadPool(3);
      for (int i = 0; i < 2; i++) {
        threads.execute(
            () -> {
              await(start);
              while (shared.tryPin()) {
                closedWhilePinned.addAndGet(counting.closes.get());
                shared.unpin();
              }
            });
      }
      threads.execute(
          () -> {
            await(start);
            shared.retire();
          });
      start.countDown();
      threads.shutdown();

      assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
      assertThat(closedWhilePinned).hasValue(0);
      assertThat(counting.closes).hasValue(1);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
