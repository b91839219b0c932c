package io.unionfs.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.sys.Errno;
import org.junit.jupiter.api.Test;

class HostErrorsTest {
  @Test
  void aLayerWithoutItsServerDoesNotMakeTheUnionLookDead() {
    assertThat(HostErrors.shown(Errno.ENOTCONN)).isEqualTo(Errno.EIO);
    assertThat(HostErrors.shown(Errno.ECONNABORTED)).isEqualTo(Errno.EIO);
  }

  @Test
  void otherErrorsAreShownAsTheyAre() {
    assertThat(HostErrors.shown(Errno.ENOSPC)).isEqualTo(Errno.ENOSPC);
    assertThat(HostErrors.shown(0)).isZero();
  }
}
