package io.unionfs.transport.jnrfuse;

import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.Delegate;
import jnr.ffi.annotations.IgnoreError;
import jnr.ffi.types.int64_t;

/**
 * The functions of the C library that serving and mounting need, beyond those of {@code sys};
 * public, for the class that is made of it at run time.
 */
@SuppressWarnings("MemberName") // C's names
public interface LibC {
  /** The C library. */
  LibC INSTANCE = LibraryLoader.create(LibC.class).failImmediately().load("libc.so.6");

  @int64_t
  long read(int fd, @int64_t long buffer, @int64_t long size);

  @int64_t
  long writev(int fd, @int64_t long vector, int count);

  /** A {@code struct lconv}, whose first member points to the decimal point. */
  @IgnoreError
  @int64_t
  long localeconv();

  @IgnoreError
  @int64_t
  long dlopen(String file, int flags);

  /**
   * A function with six arguments, by name. The code that JNR-FFI makes for such a function on
   * x86-64 takes its own return address for the last argument; called by pointer, it is right.
   */
  @IgnoreError
  SixArguments dlsym(@int64_t long handle, String name);

  /** A function of a library, by name and version. */
  @IgnoreError
  LibFuse2.FuseNew dlvsym(@int64_t long handle, String name, String version);

  /** A function with six arguments. */
  interface SixArguments {
    @Delegate
    int call(
        @int64_t long a,
        @int64_t long b,
        @int64_t long c,
        @int64_t long d,
        @int64_t long e,
        @int64_t long f);
  }

  /** The errno of the last call on this thread, except of those that do not set it. */
  static int errno() {
    return Runtime.getSystemRuntime().getLastError();
  }
}
