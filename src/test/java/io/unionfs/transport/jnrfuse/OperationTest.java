package io.unionfs.transport.jnrfuse;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.transport.jnrfuse.Operation.Body;
import io.unionfs.transport.jnrfuse.Operation.Subject;
import jnr.ffi.Pointer;
import org.junit.jupiter.api.Test;

/** Calls operations as libfuse does: through their native function. */
class OperationTest {
  @Test
  void argumentsAndResultPassThroughC() {
    assertThat(call((a, b, c, d, e) -> (int) (a + 10 * b + 100 * c + 1000 * d + 10000 * e)))
        .isEqualTo(54321);
  }

  @Test
  void errnoBecomesNegative() {
    Body body =
        (a, b, c, d, e) -> {
          throw ErrnoException.of(Errno.ENOTEMPTY);
        };

    assertThat(call(body)).isEqualTo(-Errno.ENOTEMPTY);
  }

  @Test
  void enosysWouldSwitchTheOperationOffForGood() {
    Body body =
        (a, b, c, d, e) -> {
          throw ErrnoException.of(Errno.ENOSYS);
        };

    assertThat(call(body)).isEqualTo(-Errno.EOPNOTSUPP);
  }

  @Test
  void exceptionBecomesEio() {
    Body body =
        (a, b, c, d, e) -> {
          throw new IllegalStateException("expected in this test");
        };

    assertThat(call(body)).isEqualTo(-Errno.EIO);
  }

  @Test
  void endlessRecursionBecomesEio() {
    assertThat(call((a, b, c, d, e) -> deeper(0))).isEqualTo(-Errno.EIO);
  }

  @Test
  void lackOfMemoryBecomesEio() {
    Body body =
        (a, b, c, d, e) -> {
          throw new OutOfMemoryError("expected in this test");
        };

    assertThat(call(body)).isEqualTo(-Errno.EIO);
  }

  @SuppressWarnings("InfiniteRecursion") // what is tested
  private static int deeper(int depth) {
    return deeper(depth + 1) + 1;
  }

  private static long call(Body body) {
    Operation operation = new Operation("test", Subject.NONE, body, true);
    Pointer function = NativeFunction.pointer(operation);
    return asC(function).call(1, 2, 3, 4, 5);
  }

  private static LibFuse2.FuseNew asC(Pointer function) {
    return LibFuse2.callable(LibFuse2.FuseNew.class, function.address());
  }
}
