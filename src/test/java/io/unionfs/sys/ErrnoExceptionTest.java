package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ErrnoExceptionTest {
  @Test
  void oneErrnoIsOneSharedExceptionWithoutTrace() {
    ErrnoException first = ErrnoException.of(Errno.ENOENT);

    first.addSuppressed(new IllegalStateException("piled up"));

    assertThat(ErrnoException.of(Errno.ENOENT)).isSameAs(first);
    assertThat(first.getStackTrace()).isEmpty();
    assertThat(first.getSuppressed()).isEmpty();
  }

  @Test
  void messageNamesTheErrno() {
    ErrnoException exception = ErrnoException.of(Errno.ENOENT);

    assertThat(exception).hasMessage("ENOENT: No such file or directory");
    assertThat(exception.errno()).isEqualTo(Errno.ENOENT);
  }

  @Test
  void anUnknownErrnoIsKept() {
    assertThat(ErrnoException.of(4711).errno()).isEqualTo(4711);
  }
}
