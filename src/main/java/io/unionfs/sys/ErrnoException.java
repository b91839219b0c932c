package io.unionfs.sys;

/*
 * Errors are daily business here (EEXIST, ENOTEMPTY), and a stack trace costs microseconds: there is
 * one shared instance per errno, without trace and without suppressed exceptions, which
 * try-with-resources would pile up on it.
 */
/**
 * A system call's failure.
 *
 * <p>{@code -Dunionfs.traceErrno=true} gives every throw an instance of its own with a stack trace.
 */
public final class ErrnoException extends Exception {
  private static final boolean TRACE = Boolean.getBoolean("unionfs.traceErrno");
  private static final int SHARED = 256;
  private static final ErrnoException[] INSTANCES = instances();

  private final int errno;

  private ErrnoException(int errno, boolean trace) {
    super(Errno.name(errno) + ": " + Errno.message(errno), null, trace, trace);
    this.errno = errno;
  }

  private static ErrnoException[] instances() {
    ErrnoException[] made = new ErrnoException[SHARED];
    for (int i = 0; i < SHARED; i++) {
      made[i] = new ErrnoException(i, false);
    }
    return made;
  }

  /** The exception of an error number. */
  public static ErrnoException of(int errno) {
    return TRACE || errno < 0 || errno >= SHARED
        ? new ErrnoException(errno, TRACE)
        : INSTANCES[errno];
  }

  /** The error number, one of the constants of {@link Errno}. */
  public int errno() {
    return errno;
  }
}
