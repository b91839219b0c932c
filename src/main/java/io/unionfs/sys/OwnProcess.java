package io.unionfs.sys;

import static io.unionfs.sys.CallArea.STRUCT;
import static io.unionfs.sys.CallArea.area;
import static io.unionfs.sys.CallArea.put;
import static io.unionfs.sys.Native.check;
import static io.unionfs.sys.Native.checked;

/**
 * The system calls that are about the calling process: who it is, what it may, its limits, signals
 * and terminal. Methods throw the errno of the call.
 */
public final class OwnProcess {
  private static final long F_GETEUID = Native.symbol("geteuid");
  private static final long F_GETEGID = Native.symbol("getegid");
  private static final long F_GETUID = Native.symbol("getuid");
  private static final long F_GETGID = Native.symbol("getgid");
  private static final long F_GETPID = Native.symbol("getpid");
  private static final long F_ISATTY = Native.symbol("isatty");
  private static final long F_UMASK = Native.symbol("umask");
  private static final long F_SETSID = Native.symbol("setsid");
  private static final long F_CHDIR = Native.symbol("chdir");
  private static final long F_KILL = Native.symbol("kill");
  private static final long F_SIGNAL = Native.symbol("signal");
  private static final long F_CAPGET = Native.symbol("capget");
  private static final long F_CAPSET = Native.symbol("capset");
  private static final long F_GETRLIMIT = Native.symbol("getrlimit64");
  private static final long F_SETRLIMIT = Native.symbol("setrlimit64");
  private static final long F_PRCTL = Native.symbol("prctl");
  private static final long SIG_IGN = 1;
  private static final int CAPABILITY_VERSION_3 = 0x20080522;

  private OwnProcess() {}

  public static int getuid() {
    return (int) Native.call(F_GETUID);
  }

  public static int geteuid() {
    return (int) Native.call(F_GETEUID);
  }

  public static int getgid() {
    return (int) Native.call(F_GETGID);
  }

  public static int getegid() {
    return (int) Native.call(F_GETEGID);
  }

  public static int getpid() {
    return (int) Native.call(F_GETPID);
  }

  /** Whether a descriptor is a terminal. */
  public static boolean isTerminal(int fd) {
    return (int) Native.call(F_ISATTY, fd) == 1;
  }

  /** Sets the process's file mode creation mask; returns the one before. */
  public static int umask(int mask) {
    return (int) Native.call(F_UMASK, mask);
  }

  public static void setsid() throws ErrnoException {
    check(Native.call(F_SETSID));
  }

  public static void chdir(byte[] path) throws ErrnoException {
    check(Native.call(F_CHDIR, put(area(), path)));
  }

  public static void kill(int pid, int signal) throws ErrnoException {
    check(Native.call(F_KILL, pid, signal));
  }

  /** Ignores a signal from here on, in the whole process. */
  public static void ignoreSignal(int signal) throws ErrnoException {
    check(Native.call(F_SIGNAL, signal, SIG_IGN));
  }

  /** Whether the calling thread has a capability in effect. */
  public static boolean hasCapability(int capability) throws ErrnoException {
    long at = readCapabilities();
    return (NativeMemory.getInt(at + 8 + word(capability)) & bit(capability)) != 0;
  }

  /**
   * Takes a capability from the calling thread, and from the threads that it makes afterwards;
   * other threads of the process keep theirs (capabilities(7)).
   */
  public static void dropCapability(int capability) throws ErrnoException {
    long at = readCapabilities();
    long data = at + 8 + word(capability);
    NativeMemory.putInt(data, NativeMemory.getInt(data) & ~bit(capability));
    NativeMemory.putInt(data + 4, NativeMemory.getInt(data + 4) & ~bit(capability));
    check(Native.call(F_CAPSET, at, at + 8));
  }

  private static long readCapabilities() throws ErrnoException {
    long at = area() + STRUCT;
    NativeMemory.putInt(at, CAPABILITY_VERSION_3);
    NativeMemory.putInt(at + 4, 0);
    check(Native.call(F_CAPGET, at, at + 8));
    return at;
  }

  private static int word(int capability) {
    return (capability >> 5) * 12;
  }

  private static int bit(int capability) {
    return 1 << (capability & 31);
  }

  /** The soft and hard limit of a resource, {@code RLIM_INFINITY} where there is none. */
  public static long[] getRlimit(int resource) {
    long at = area() + STRUCT;
    if ((int) Native.call(F_GETRLIMIT, resource, at) == -1) {
      throw new IllegalArgumentException("getrlimit: " + Errno.message(Native.errno()));
    }
    return new long[] {NativeMemory.getLong(at), NativeMemory.getLong(at + 8)};
  }

  public static void setRlimit(int resource, long soft, long hard) throws ErrnoException {
    long at = area() + STRUCT;
    NativeMemory.putLong(at, soft);
    NativeMemory.putLong(at + 8, hard);
    check(Native.call(F_SETRLIMIT, resource, at));
  }

  public static int prctl(int option, long a, long b, long c, long d) throws ErrnoException {
    return checked(Native.call(F_PRCTL, option, a, b, c, d));
  }
}
