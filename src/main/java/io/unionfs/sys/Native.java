package io.unionfs.sys;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.HeapInvocationBuffer;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.LastError;
import com.kenai.jffi.Library;
import com.kenai.jffi.Type;
import java.util.Arrays;

/*
 * jffi's direct calls, which JNR-FFI itself stands on: every argument is a 64-bit integer, which the
 * calling conventions of x86-64 and aarch64 pass alike for all integer types, and a callee that
 * declares an int ignores the upper half. No class is generated at run time for any of them.
 */
/** C functions, called with up to seven integer or pointer arguments. */
final class Native {
  private static final Invoker INVOKER = Invoker.getInstance();
  private static final CallContext[] CONTEXTS = contexts();
  private static final Library LIBC = Library.openLibrary("libc.so.6", Library.LAZY);

  private Native() {}

  private static CallContext[] contexts() {
    CallContext[] made = new CallContext[8];
    for (int i = 0; i < made.length; i++) {
      Type[] types = new Type[i];
      Arrays.fill(types, Type.SINT64);
      made[i] = CallContext.getCallContext(Type.SINT64, types, CallingConvention.DEFAULT, true);
    }
    return made;
  }

  /**
   * The address of a function of the C library.
   *
   * @throws IllegalStateException if this C library has none of that name
   */
  static long symbol(String name) {
    long address = LIBC.getSymbolAddress(name);
    if (address == 0) {
      throw new IllegalStateException("the C library has no " + name);
    }
    return address;
  }

  static int errno() {
    return LastError.getInstance().get();
  }

  /** Throws the errno of a call that returned -1. */
  static void check(long result) throws ErrnoException {
    if ((int) result == -1) {
      throw ErrnoException.of(errno());
    }
  }

  /** The result of a call that did not return -1. */
  static int checked(long result) throws ErrnoException {
    check(result);
    return (int) result;
  }

  /** The result, or the negated errno where it is -1. */
  static int orErrno(long result) {
    return (int) result == -1 ? -errno() : (int) result;
  }

  /** 0, or the errno where the result is -1. */
  static int errnoOf(long result) {
    return (int) result == -1 ? errno() : 0;
  }

  /** Whether a call was interrupted before it did anything. */
  static boolean interrupted(long result) {
    return (int) result == -1 && errno() == Errno.EINTR;
  }

  static long call(long function) {
    return INVOKER.invokeL0(CONTEXTS[0], function);
  }

  static long call(long function, long a) {
    return INVOKER.invokeL1(CONTEXTS[1], function, a);
  }

  static long call(long function, long a, long b) {
    return INVOKER.invokeL2(CONTEXTS[2], function, a, b);
  }

  static long call(long function, long a, long b, long c) {
    return INVOKER.invokeL3(CONTEXTS[3], function, a, b, c);
  }

  static long call(long function, long a, long b, long c, long d) {
    return INVOKER.invokeL4(CONTEXTS[4], function, a, b, c, d);
  }

  static long call(long function, long a, long b, long c, long d, long e) {
    return INVOKER.invokeL5(CONTEXTS[5], function, a, b, c, d, e);
  }

  static long call(long function, long a, long b, long c, long d, long e, long f) {
    return INVOKER.invokeL6(CONTEXTS[6], function, a, b, c, d, e, f);
  }

  /*
   * jffi's form without garbage (an array of pointers to the arguments) does not save errno. This
   * one makes some 100 bytes of it, and is still twice as fast as a path through /proc.
   */
  /** A call with seven arguments, for which jffi has no direct form. */
  static long call(long function, long a, long b, long c, long d, long e, long f, long g) {
    HeapInvocationBuffer arguments = new HeapInvocationBuffer(CONTEXTS[7]);
    arguments.putLong(a);
    arguments.putLong(b);
    arguments.putLong(c);
    arguments.putLong(d);
    arguments.putLong(e);
    arguments.putLong(f);
    arguments.putLong(g);
    return INVOKER.invokeLong(CONTEXTS[7], function, arguments);
  }
}
