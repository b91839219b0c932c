package io.unionfs.cli.log;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import io.unionfs.sys.UnixDatagrams;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/*
 * The directory of the journal's socket is held from before the mount on, because the mount may cover
 * its path, and the socket is looked for in it with each line, because a journal that is started again
 * may have made another. A journal that takes nothing, for the moment or for good, must not hold up the
 * request that a line tells of: such lines are counted, and the next one that is taken says how many.
 */
/** The journal of systemd, by its native protocol. */
final class JournalTarget implements LogTarget {
  private static final String IDENTIFIER = "unionfs-mount";
  private static final String SOCKET = "/socket";

  /* Together with the other fields at most a datagram. */
  static final int MOST_MESSAGE_BYTES = 32 << 10;
  static final int MOST_TRACE_BYTES = 20 << 10;
  private static final int MOST_NAME_BYTES = 512;

  private static final Set<String> LOGGING =
      Set.of(JournalTarget.class.getName(), LogOutput.class.getName(), LineLogger.class.getName());

  private final UnixDatagrams socket;
  private final byte[] address;
  private final byte[] mountPoint;
  private final AtomicLong dropped = new AtomicLong();

  private JournalTarget(UnixDatagrams socket, byte[] address, byte[] mountPoint) {
    this.socket = socket;
    this.address = address;
    this.mountPoint = mountPoint;
  }

  /**
   * The journal whose socket lies in a directory. What it takes stays open as long as the process
   * lives.
   *
   * @param mountPoint what each entry names as {@code UNIONFS_MOUNT}
   * @throws IOException if there is none, or none that this process may write to; the message is
   *     for the user
   */
  static JournalTarget open(Sys sys, byte[] directory, byte[] mountPoint) throws IOException {
    try (Fd held = new Fd(sys, sys.openPath(directory, Linux.O_PATH | Linux.O_DIRECTORY, 0))) {
      byte[] address = ("/proc/self/fd/" + held.raw() + SOCKET).getBytes(StandardCharsets.US_ASCII);
      UnixDatagrams.requireReceiver(sys, address);
      JournalTarget target = new JournalTarget(UnixDatagrams.open(sys), address, mountPoint);
      held.take();
      return target;
    } catch (ErrnoException e) {
      throw new IOException(
          "no journal to log to: " + Name.of(directory) + SOCKET + ": " + Errno.message(e.errno()),
          e);
    }
  }

  @Override
  public void write(LogEvent event) {
    if (!isGapTold() || !isTaken(event)) {
      dropped.incrementAndGet();
    }
  }

  @Override
  public void finish() {
    isGapTold();
  }

  /* Whether it is known by now how many lines are missing: else the place of the gap stays this. */
  private boolean isGapTold() {
    long lost = dropped.getAndSet(0);
    if (lost == 0 || isTaken(lines(lost))) {
      return true;
    }
    dropped.addAndGet(lost);
    return false;
  }

  private static LogEvent lines(long lost) {
    return new LogEvent(
        Level.WARN,
        JournalTarget.class.getName(),
        lost + (lost == 1 ? " line" : " lines") + " before this: not taken by the journal",
        null);
  }

  private boolean isTaken(LogEvent event) {
    JournalEntry entry =
        new JournalEntry()
            .add("MESSAGE", event.text(), MOST_MESSAGE_BYTES)
            .add("PRIORITY", priority(event.level()), MOST_NAME_BYTES)
            .add("SYSLOG_IDENTIFIER", IDENTIFIER, MOST_NAME_BYTES)
            .add("UNIONFS_MOUNT", mountPoint)
            .add("LOGGER", event.logger(), MOST_NAME_BYTES)
            .add("THREAD_NAME", Thread.currentThread().getName(), MOST_NAME_BYTES);
    addPlace(entry);
    if (event.cause() != null) {
      entry.add("EXCEPTION_TEXT", event.trace(), MOST_TRACE_BYTES);
    }
    return socket.trySend(address, entry.toBytes()) == 0;
  }

  private static void addPlace(JournalEntry entry) {
    StackWalker.StackFrame frame =
        StackWalker.getInstance()
            .walk(frames -> frames.dropWhile(JournalTarget::isLogging).findFirst().orElse(null));
    if (frame != null) {
      String file = frame.getFileName();
      if (file != null) {
        entry.add("CODE_FILE", file, MOST_NAME_BYTES);
        entry.add("CODE_LINE", Integer.toString(frame.getLineNumber()), MOST_NAME_BYTES);
      }
      entry.add("CODE_FUNC", frame.getMethodName(), MOST_NAME_BYTES);
    }
  }

  private static boolean isLogging(StackWalker.StackFrame frame) {
    return LOGGING.contains(frame.getClassName()) || frame.getClassName().startsWith("org.slf4j.");
  }

  /* syslog(3) */
  private static String priority(Level level) {
    return switch (level) {
      case ERROR -> "3";
      case WARN -> "4";
      case INFO -> "6";
      case DEBUG, TRACE -> "7";
    };
  }
}
