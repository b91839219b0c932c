package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class FdTest {
  private static final byte[] ROOT = "/".getBytes(StandardCharsets.US_ASCII);

  private final Sys sys = Sys.linux();

  @Test
  void closingTwiceClosesOnce() throws ErrnoException {
    Fd fd = new Fd(sys, sys.openPath(ROOT, Linux.O_PATH, 0));

    fd.close();
    fd.close(); // a second close(2) would throw
  }

  @Test
  void whatWasTakenStaysOpen() throws ErrnoException {
    int raw;
    try (Fd fd = new Fd(sys, sys.openPath(ROOT, Linux.O_PATH, 0))) {
      raw = fd.take();
    }

    Stat stat = new Stat();
    sys.fstatx(raw, stat);
    sys.close(raw);

    assertThat(stat.isDirectory()).isTrue();
  }

  @Test
  void closingWhatIsNotOpenIsAProgrammingError() {
    assertThatThrownBy(() -> sys.close(-1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("-1");
  }
}
