package io.unionfs.transport.jnrfuse;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.transport.HostErrors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An operation of libfuse as a native function: the one place that turns errors into replies. */
final class Operation implements NativeFunction {
  private static final Logger LOG = LoggerFactory.getLogger(Operation.class);

  /** The arguments that name what an operation is about, for logs. */
  enum Subject {
    /** Nothing. */
    NONE,
    /** The first argument is a path, perhaps null, and the last one the {@code fuse_file_info}. */
    PATH,
    /** The first two arguments are paths. */
    TWO_PATHS,
    /** The second argument is a path, the first some other text. */
    SECOND_PATH
  }

  /** What an operation does; returns what libfuse expects, without any errno. */
  @FunctionalInterface
  interface Body {
    int run(long a, long b, long c, long d, long e) throws ErrnoException;
  }

  private final String name;
  private final Subject subject;
  private final Body body;
  private final boolean trace;

  Operation(String name, Subject subject, Body body, boolean trace) {
    this.name = name;
    this.subject = subject;
    this.body = body;
    this.trace = trace;
  }

  /** Returns the operation's result, or the negated errno. */
  @Override
  public long call(long a, long b, long c, long d, long e) {
    long start = trace ? System.nanoTime() : 0;
    int result;
    try {
      result = body.run(a, b, c, d, e);
    } catch (ErrnoException x) {
      // ENOSYS would tell the kernel never to ask again.
      result = x.errno() == Errno.ENOSYS ? -Errno.EOPNOTSUPP : -HostErrors.shown(x.errno());
    } catch (Throwable x) {
      result = -Errno.EIO;
      report(x, a, b);
    }
    if (trace) {
      trace(result, a, b, System.nanoTime() - start);
    }
    return result;
  }

  private void report(Throwable cause, long a, long b) {
    try {
      StackTraceElement[] frames = cause.getStackTrace();
      String where = frames.length == 0 ? "" : " at " + frames[0];
      LOG.error("{} {} failed with EIO: {}{}", name, describe(a, b), cause, where);
      LOG.debug("{} failed", name, cause);
    } catch (Throwable again) {
      // Out of memory or stack: the caller's EIO must do.
    }
  }

  private void trace(int result, long a, long b, long nanos) {
    try {
      LOG.trace(
          "{} {} {} = {} ({} us)",
          RequestThread.currentUnique(),
          name,
          describe(a, b),
          result < 0 ? Errno.name(-result) : Integer.toString(result),
          nanos / 1000);
    } catch (Throwable again) {
      // As above: nothing may leave this class.
    }
  }

  private String describe(long a, long b) {
    return switch (subject) {
      case NONE -> "";
      case PATH -> a == 0 ? "node " + RequestThread.currentNodeId() : Paths.show(a);
      case TWO_PATHS -> Paths.show(a) + " -> " + Paths.show(b);
      case SECOND_PATH -> Paths.show(b);
    };
  }
}
