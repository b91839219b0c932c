package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.Library;
import com.kenai.jffi.Type;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ErrnoTest {
  @Test
  void everyConstantHasItsNameAndTheMessageOfStrerror() throws ReflectiveOperationException {
    List<String> seen = new ArrayList<>();
    for (Field field : Errno.class.getFields()) {
      int errno = field.getInt(null);
      boolean second = field.getName().equals("EWOULDBLOCK") || field.getName().equals("ENOTSUP");

      assertThat(Errno.message(errno)).as(field.getName()).isEqualTo(strerror(errno));
      if (!second) {
        assertThat(Errno.name(errno)).isEqualTo(field.getName());
      }
      seen.add(field.getName());
    }
    assertThat(seen).hasSizeGreaterThan(130).contains("ENOTSUP", "ESTALE", "EUCLEAN");
  }

  @Test
  void anUnknownNumberStillHasAText() {
    assertThat(Errno.name(4711)).contains("4711");
    assertThat(Errno.message(4711)).contains("4711");
  }

  private static String strerror(int errno) {
    Library libc = Library.getCachedInstance("libc.so.6", Library.LAZY);
    CallContext context =
        CallContext.getCallContext(
            Type.POINTER, new Type[] {Type.SINT64}, CallingConvention.DEFAULT, false);
    long text = Invoker.getInstance().invokeL1(context, libc.getSymbolAddress("strerror"), errno);
    int length = 0;
    while (NativeMemory.getByte(text + length) != 0) {
      length++;
    }
    byte[] bytes = new byte[length];
    NativeMemory.getBytes(text, bytes, 0, length);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
