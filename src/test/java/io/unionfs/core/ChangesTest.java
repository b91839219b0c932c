package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.sys.ErrnoException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ChangesTest {
  private static final int LONG_MILLIS = 50_000;

  private final Changes changes = new Changes();

  /* A change in a thread of its own, which tells when it has passed. */
  private FutureTask<Boolean> change(CountDownLatch started) {
    FutureTask<Boolean> task =
        new FutureTask<>(
            () -> {
              started.countDown();
              try (Changes running = changes.begin()) {
                return running == changes;
              }
            });
    new Thread(task).start();
    return task;
  }

  private static void awaitWaiting(Thread thread) {
    while (thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
  }

  @Test
  void changeWaitsUntilTheHolderLetsGo() throws Exception {
    assertThat(changes.tryHold(LONG_MILLIS)).isTrue();
    CountDownLatch started = new CountDownLatch(1);
    FutureTask<Boolean> change = change(started);
    started.await();
    assertThat(change.isDone()).isFalse();

    changes.release();

    assertThat(change.get(LONG_MILLIS, TimeUnit.MILLISECONDS)).isTrue();
  }

  @Test
  void holderWaitsForChangesThatRun() throws Exception {
    Changes running = changes.begin();
    assertThat(changes.tryHold(1)).isFalse();
    running.close();

    assertThat(changes.tryHold(LONG_MILLIS)).isTrue();
    assertThat(changes.tryHold(1)).isFalse();
    changes.release();
    changes.begin().close();
  }

  @Test
  void waitingChangeCanBeInterrupted() throws Exception {
    assertThat(changes.tryHold(LONG_MILLIS)).isTrue();
    FutureTask<Boolean> task =
        new FutureTask<>(
            () -> {
              assertThatThrownBy(changes::begin)
                  .isInstanceOf(ErrnoException.class)
                  .hasMessageContaining("EINTR");
              return true;
            });
    Thread thread = new Thread(task);
    thread.start();
    awaitWaiting(thread);

    thread.interrupt();

    assertThat(task.get(LONG_MILLIS, TimeUnit.MILLISECONDS)).isTrue();
    changes.release();
  }
}
