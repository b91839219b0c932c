package jdk.test.whitebox;

import java.lang.reflect.Executable;

/*
 * HotSpot fills in the native methods of this class, by its name, where it is loaded by the boot loader and
 * -XX:+WhiteBoxAPI is given. It has a hundred more, which nobody here needs.
 */
/**
 * HotSpot's own interface for tests, of which one call is used: to compile a method ahead of its
 * calls.
 */
public final class WhiteBox {
  /**
   * Asks the virtual machine for its methods.
   *
   * @throws UnsatisfiedLinkError if it has none for this class
   */
  public WhiteBox() {
    registerNatives();
  }

  private static native void registerNatives();

  /**
   * Puts a method into the queue of a compiler.
   *
   * @param method of a class that is initialized
   * @param level 1 for the quick compiler's code without counters
   * @param entry -1 for the whole method
   * @return whether it waits there, or was compiled
   */
  public native boolean enqueueMethodForCompilation0(Executable method, int level, int entry);
}
