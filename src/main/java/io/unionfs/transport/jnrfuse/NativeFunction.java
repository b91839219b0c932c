package io.unionfs.transport.jnrfuse;

import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.Delegate;
import jnr.ffi.types.int64_t;

/*
 * jnr-fuse's own callback interfaces take paths as String, decoded with the JVM's default charset,
 * which destroys names that are not valid in it. Here everything that libfuse calls is a native
 * function of five 64-bit arguments instead: it never passes more than that, and on both
 * architectures integers and pointers travel in registers, so a function with fewer arguments just
 * finds garbage in the others. An int argument has garbage in its upper half and must be cast. One
 * interface for all of them also means one class made at run time instead of forty.
 */

/** Something in Java that C can call. */
public interface NativeFunction {
  /** Called by C. Never throws: an exception would stay pending in C and surface somewhere else. */
  @Delegate
  @int64_t
  long call(@int64_t long a, @int64_t long b, @int64_t long c, @int64_t long d, @int64_t long e);

  /** Where C finds a function. The code lives as long as both the function and the pointer. */
  static Pointer pointer(NativeFunction function) {
    return Runtime.getSystemRuntime()
        .getClosureManager()
        .getClosurePointer(NativeFunction.class, function);
  }
}
