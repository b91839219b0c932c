package io.unionfs.statistics;

import io.unionfs.sys.Dirents;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/*
 * By a descriptor from before the mount: the union may be mounted over /proc, and a server that asks
 * itself for a file waits for ever.
 */
/** What {@code /proc} says of processes (proc(5)). */
public final class Proc implements AutoCloseable {
  /** Where it is not known. */
  public static final long UNKNOWN = -1;

  private static final int MOST_BYTES = 256;
  private static final int RLIMIT_NOFILE = 7;

  private static final Name SELF = Name.of("self");
  private static final String STATUS = "status";
  private static final String RESIDENT = "VmRSS:";
  private static final String GROUPS = "Groups:";
  private static final int STATUS_BYTES = 8 << 10;
  private static final int MOST_STATUS_BYTES = 1 << 20; // with NGROUPS_MAX groups
  private static final long KIB = 1024;

  private static final long KILL = signal(9);

  /* All but those that by default are ignored (CHLD, CONT, URG, WINCH) or stop (STOP, TSTP, TTIN, TTOU). */
  private static final long ENDING =
      ~(signal(17) | signal(18) | signal(23) | signal(28))
          & ~(signal(19) | signal(20) | signal(21) | signal(22));

  private final Sys sys;
  private final @Nullable Fd root;

  private Proc(Sys sys, @Nullable Fd root) {
    this.sys = sys;
    this.root = root;
  }

  /** Opens {@code /proc}; where there is none, nothing is known. */
  public static Proc open(Sys sys) {
    byte[] path = "/proc".getBytes(StandardCharsets.US_ASCII);
    try {
      return new Proc(sys, new Fd(sys, sys.openPath(path, Linux.O_PATH | Linux.O_DIRECTORY, 0)));
    } catch (ErrnoException e) {
      return new Proc(sys, null);
    }
  }

  /** The name of the program that a process runs, at most 15 bytes; null where it is not known. */
  @Nullable Name program(int pid) {
    byte[] comm = read(pid, "comm", MOST_BYTES);
    if (comm == null || comm.length == 0) {
      return null;
    }
    int end = comm[comm.length - 1] == '\n' ? comm.length - 1 : comm.length;
    return Name.of(Arrays.copyOf(comm, end));
  }

  /** How much memory this process has resident, in bytes, or {@link #UNKNOWN}. */
  public long residentBytes() {
    byte[] status = read(OwnProcess.getpid(), STATUS, STATUS_BYTES);
    if (status == null) {
      return UNKNOWN;
    }
    for (String line : new String(status, StandardCharsets.ISO_8859_1).split("\n", -1)) {
      if (line.startsWith(RESIDENT)) {
        return Long.parseLong(line.substring(RESIDENT.length()).replaceAll("\\D", "")) * KIB;
      }
    }
    return UNKNOWN;
  }

  /** Whether a process has a supplementary group; false where it is not known. */
  public boolean isInGroup(int pid, int gid) {
    byte[] status = read(pid, STATUS, MOST_STATUS_BYTES);
    String text = status == null ? "" : new String(status, StandardCharsets.ISO_8859_1);
    return text.lines()
        .filter(line -> line.startsWith(GROUPS))
        .flatMap(line -> Arrays.stream(line.split("\\s+")).skip(1))
        .anyMatch(Integer.toUnsignedString(gid)::equals);
  }

  /**
   * Whether a signal is about to end a thread (signal(7)). False where it is not known.
   *
   * <p>Most signals that nobody handles become SIGKILL for all threads of the process. One that
   * dumps core, or that comes while another one waits for the only thread, is seen as itself. A
   * tracer may take away any but SIGKILL.
   *
   * @param thread its number in this process's own namespace
   */
  public boolean isEnding(int thread) {
    if (!isOfThisNamespace()) {
      return false;
    }
    byte[] status = read(thread, STATUS, STATUS_BYTES);
    if (status != null && status.length == STATUS_BYTES) {
      status = read(thread, STATUS, MOST_STATUS_BYTES);
    }
    return status != null && isEnding(new String(status, StandardCharsets.ISO_8859_1));
  }

  static boolean isEnding(String status) {
    long pending = signals(status, "SigPnd:") | signals(status, "ShdPnd:");
    long kept =
        signals(status, "SigBlk:") | signals(status, "SigIgn:") | signals(status, "SigCgt:");
    boolean traced = number(status, "TracerPid:", 10) != 0;
    return (pending & (KILL | (traced ? 0 : ENDING & ~kept))) != 0;
  }

  private static long signals(String status, String field) {
    return number(status, field, 16);
  }

  private static long number(String status, String field, int radix) {
    int at = status.indexOf("\n" + field); // a newline in the program's name is escaped
    int end = at < 0 ? -1 : status.indexOf('\n', at + 1);
    return end < 0
        ? 0
        : Long.parseUnsignedLong(status.substring(at + 1 + field.length(), end).strip(), radix);
  }

  /* A process in a namespace of its own may have kept the mount of another one, with other numbers. */
  private boolean isOfThisNamespace() {
    Fd proc = root;
    if (proc == null) {
      return false;
    }
    try {
      Name self = Name.of(sys.readlinkat(proc.raw(), SELF));
      return self.equals(Name.of(Integer.toString(OwnProcess.getpid())));
    } catch (ErrnoException e) {
      return false;
    }
  }

  private static long signal(int number) {
    return 1L << (number - 1);
  }

  /** How many descriptors this process has open, or {@link #UNKNOWN}. */
  public long openDescriptors() {
    int mine = openIn(OwnProcess.getpid(), "fd", Linux.O_RDONLY | Linux.O_DIRECTORY);
    if (mine < 0) {
      return UNKNOWN;
    }
    try (Fd fd = new Fd(sys, mine);
        Dirents entries = Dirents.open(sys, fd.raw())) {
      long count = -1; // the one that looks
      while (entries.next()) {
        if (!entries.isDotOrDotDot()) {
          count++;
        }
      }
      return count;
    } catch (ErrnoException e) {
      return UNKNOWN;
    }
  }

  /** How many descriptors this process may have open. */
  public long mostDescriptors() {
    return OwnProcess.getRlimit(RLIMIT_NOFILE)[0];
  }

  private byte @Nullable [] read(int pid, String file, int bytes) {
    int opened = openIn(pid, file, Linux.O_RDONLY);
    if (opened < 0) {
      return null;
    }
    try (Fd fd = new Fd(sys, opened)) {
      byte[] content = new byte[bytes];
      return Arrays.copyOf(content, sys.preadArray(fd.raw(), content, 0, bytes, 0));
    } catch (ErrnoException e) {
      return null; // it has ended meanwhile
    }
  }

  /* A descriptor, or -1. */
  private int openIn(int pid, String file, int flags) {
    Fd proc = root;
    if (proc == null || pid <= 0) {
      return -1;
    }
    return Math.max(-1, sys.tryOpenat(proc.raw(), Name.of(pid + "/" + file), flags, 0));
  }

  @Override
  public void close() {
    if (root != null) {
      root.close();
    }
  }
}
