package io.unionfs.transport.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The life of a mount that is none, but whose device can be closed. */
@Timeout(30)
class ServedMountTest {
  private final Sys sys = Sys.linux();
  private final CountDownLatch served = new CountDownLatch(1);
  private final AtomicInteger givenUp = new AtomicInteger();

  private FuseMount handedOver() throws ErrnoException {
    int fd = sys.openPath("/dev/null".getBytes(StandardCharsets.US_ASCII), Linux.O_RDWR, 0);
    return FuseMount.takeOver(sys, Name.of("/dev/fd/" + fd), fd);
  }

  @Test
  void endsWhenNobodyServesAnyMoreAndAllIsGivenUp() throws Exception {
    ServedMount mount = new ServedMount(handedOver());
    CountDownLatch mayGiveUp = new CountDownLatch(1);
    mount.begin(
        served,
        () -> {
          awaitInTest(mayGiveUp);
          givenUp.incrementAndGet();
        });

    assertThat(mount.ended()).isFalse();
    served.countDown();
    assertThat(mount.ended()).isFalse();
    mayGiveUp.countDown();
    mount.awaitEnd();

    assertThat(mount.ended()).isTrue();
    assertThat(givenUp).hasValue(1);
    mount.close();
    assertThat(givenUp).hasValue(1);
  }

  @Test
  void endsEvenIfGivingUpFails() throws Exception {
    ServedMount mount = new ServedMount(handedOver());
    mount.begin(
        served,
        () -> {
          Thread.currentThread().setUncaughtExceptionHandler((thread, e) -> givenUp.set(7));
          throw new IllegalStateException("for the test");
        });

    served.countDown();

    mount.awaitEnd();
    assertThat(mount.ended()).isTrue();
  }

  @Test
  void handedOverMountThatCannotBeAbortedStaysServed() throws Exception {
    ServedMount mount = new ServedMount(handedOver());
    mount.begin(served, givenUp::incrementAndGet);

    assertThatIOException().isThrownBy(mount::close).withMessageContaining("unmount it there");

    assertThat(mount.ended()).isFalse();
    assertThat(givenUp).hasValue(0);
    served.countDown();
    mount.awaitEnd();
  }

  @Test
  void abandonedMountHasNoDeviceAnyMore() throws Exception {
    FuseMount mount = handedOver();
    int fd = mount.deviceFd();

    ServedMount.abandon(mount);

    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(() -> sys.fstatx(fd, new Stat()))
        .withMessageContaining("EBADF");
  }

  private static void awaitInTest(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
