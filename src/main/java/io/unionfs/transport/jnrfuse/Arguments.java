package io.unionfs.transport.jnrfuse;

import io.unionfs.sys.NativeMemory;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The {@code struct fuse_args} for fuse_new: a program name, {@code -o}, and the options. */
final class Arguments implements AutoCloseable {
  /** A year: nothing changes behind the mount. */
  private static final double FOREVER = 365 * 24 * 3600;

  private static final int MAX_WRITE = 128 * 1024;

  private final LibFuse2 library;
  private final NativeMemory memory;

  private Arguments(LibFuse2 library, NativeMemory memory) {
    this.library = library;
    this.memory = memory;
  }

  /**
   * The arguments of a mount.
   *
   * @param timeoutSeconds what {@code MountPoint} says
   */
  static Arguments of(LibFuse2 library, double timeoutSeconds) {
    String timeout = seconds(timeoutSeconds < 0 ? FOREVER : timeoutSeconds);
    String options =
        "use_ino,big_writes,max_write="
            + MAX_WRITE
            + ",entry_timeout="
            + timeout
            + ",negative_timeout="
            + timeout
            + ",attr_timeout="
            + timeout;
    return new Arguments(library, layOut("unionfs-mount", "-o", options));
  }

  /** The address of the {@code struct fuse_args}. */
  long address() {
    return memory.address();
  }

  @Override
  public void close() {
    library.freeArguments(memory.address()); // libfuse's own copies
    memory.close();
  }

  /** libfuse reads the number with scanf(3), which obeys the locale that the JVM has set. */
  private static String seconds(double seconds) {
    String text = String.format(Locale.ROOT, "%.3f", seconds);
    long decimalPoint = NativeMemory.getLong(LibC.INSTANCE.localeconv()); // the first member
    return text.replace('.', (char) NativeMemory.getByte(decimalPoint));
  }

  /** {@code {int argc; char **argv; int allocated;}}, the array and the strings in one block. */
  private static NativeMemory layOut(String... strings) {
    int argv = 24;
    int at = argv + Long.BYTES * (strings.length + 1);
    int size = at;
    for (String string : strings) {
      size += string.length() + 1;
    }
    NativeMemory memory = NativeMemory.allocate(size);
    NativeMemory.zero(memory.address(), size);
    NativeMemory.putInt(memory.address(), strings.length);
    NativeMemory.putLong(memory.address() + 8, memory.address() + argv);
    for (int i = 0; i < strings.length; i++) {
      byte[] bytes = strings[i].getBytes(StandardCharsets.US_ASCII);
      NativeMemory.putLong(memory.address() + argv + (long) Long.BYTES * i, memory.address() + at);
      NativeMemory.putBytes(memory.address() + at, bytes, 0, bytes.length);
      at += bytes.length + 1;
    }
    return memory;
  }
}
