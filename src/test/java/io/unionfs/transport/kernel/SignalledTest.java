package io.unionfs.transport.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.statistics.Requests;
import io.unionfs.sys.NativeMemory;
import io.unionfs.transport.RequestNames;
import io.unionfs.transport.kernel.codec.Opcode;
import io.unionfs.transport.kernel.codec.RequestBytes;
import io.unionfs.transport.kernel.codec.Timeouts;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of a request whose caller got a signal; the test's thread serves it. */
@Timeout(60)
final class SignalledTest {
  private static final Negotiation AGREED =
      new Negotiation(45, 0, 128 << 10, 0, false, Timeouts.of(-1), true);

  private final Worker worker = new Worker(AGREED, new Requests(RequestNames::of));
  private final AtomicInteger looks = new AtomicInteger();

  @AfterEach
  void close() {
    worker.close();
    assertThat(Thread.interrupted()).as("a flag is left").isFalse();
  }

  private void serve(long unique) {
    byte[] message = RequestBytes.of(Opcode.STATFS, unique, 1).build();
    NativeMemory.putBytes(worker.address(), message, 0, message.length);
    worker.request.wrap(worker.address(), message.length);
    worker.begin();
  }

  private @Nullable Worker serving(long unique) {
    return worker.callerOf(unique) == Worker.NOBODY ? null : worker;
  }

  private static boolean isWatching(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals(name + " signals"));
  }

  @Test
  void fatalSignalEndsItAtOnce() {
    Signalled signalled = new Signalled(this::serving, caller -> true, "fatal");
    serve(4);

    assertThat(signalled.interrupt(4)).isTrue();
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
    assertThat(isWatching("fatal")).isFalse();
    worker.end();
  }

  @Test
  void fatalSignalAfterAHandledOneEndsIt() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    Signalled signalled =
        new Signalled(this::serving, caller -> looks.incrementAndGet() > 3, "later");
    serve(4);

    assertThat(signalled.interrupt(4)).isTrue();
    boolean interrupted = false;
    try {
      never.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    assertThat(interrupted).isTrue();
    worker.end();
  }

  @Test
  void handledSignalLetsItGoOnAndIsForgottenWithTheAnswer() {
    Signalled signalled =
        new Signalled(
            this::serving,
            caller -> {
              looks.incrementAndGet();
              return false;
            },
            "handled");
    serve(4);

    assertThat(signalled.interrupt(4)).isTrue();
    assertThat(isWatching("handled")).isTrue();
    while (looks.get() < 3) {
      Thread.onSpinWait();
    }
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    worker.end();
    serve(6);
    while (isWatching("handled")) {
      Thread.onSpinWait();
    }
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    worker.end();

    assertThat(signalled.interrupt(6)).isFalse();
    serve(8);
    assertThat(signalled.interrupt(8)).as("another one later").isTrue();
    assertThat(isWatching("handled")).isTrue();
    worker.end();
  }

  @Test
  void requestThatNobodyServesIsSaidAgain() {
    Signalled signalled = new Signalled(this::serving, caller -> true, "nobody");

    assertThat(signalled.interrupt(4)).isFalse();
    assertThat(signalled.interrupt(0)).isFalse();
    assertThat(signalled.interrupt(-1)).isFalse();
  }
}
