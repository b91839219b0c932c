package io.unionfs.statistics;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.unionfs.sys.Name;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/*
 * A copy-up is some hundred times dearer than what is noted of it, so a lock will do: a leaf, and nothing
 * waits for the kernel under it. Asking for a program's name is three system calls; a thread that copies
 * up one file after the other for the same process asks once in a while.
 */
/** What was copied up, why it took long, and for whom. */
public final class CopyUps {
  private static final int TOP = 10;
  private static final int MOST_PROGRAMS = 64;
  private static final long KNOWN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Of what the kernel writes back, it does not say who wrote it; see {@link Writers}. */
  private static final Name KERNEL = Name.of("(write-back)");

  private static final Name ENDED = Name.of("(ended)");
  private static final Name OTHERS = Name.of("(others)");

  /** Who a thread worked for when it last asked. */
  private record Asked(int pid, long nanos, Name program) {}

  /** How one program's copy-ups add up. */
  private record Sum(long copyUps, long bytes) {
    Sum plus(long more) {
      return new Sum(copyUps + 1, bytes + more);
    }
  }

  private final Proc proc;
  private static final ThreadLocal<@Nullable Asked> ASKED = new ThreadLocal<>();
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final List<CopiedFile> top = new ArrayList<>();

  @GuardedBy("lock")
  private final Map<Name, Sum> programs = new HashMap<>();

  @GuardedBy("lock")
  private long files;

  @GuardedBy("lock")
  private long directories;

  @GuardedBy("lock")
  private long bytes;

  @GuardedBy("lock")
  private long nanos;

  @GuardedBy("lock")
  private @Nullable CopiedFile longest;

  public CopyUps(Proc proc) {
    this.proc = proc;
  }

  /**
   * Notes that a file was copied up, on the thread that did.
   *
   * @param path an object that says where it is in the union, asked only if that is kept
   * @param copied its data, in bytes, however they came over
   * @param took in nanoseconds
   */
  public void addFile(Object path, long copied, long took) {
    int pid = Lane.currentPid();
    Name program = program(pid);
    lock.lock();
    try {
      files++;
      addLocked(program, copied, took);
      CopiedFile least = top.size() < TOP ? null : top.get(TOP - 1);
      CopiedFile before = longest;
      boolean isLongest = before == null || took > before.nanos();
      boolean isTop = least == null || copied > least.bytes();
      if (isLongest || isTop) {
        CopiedFile file = new CopiedFile(path.toString(), copied, took, pid, program);
        if (isLongest) {
          longest = file;
        }
        if (isTop) {
          insertLocked(file);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void insertLocked(CopiedFile file) {
    top.add(file);
    top.sort(Comparator.comparingLong(CopiedFile::bytes).reversed());
    if (top.size() > TOP) {
      top.remove(TOP);
    }
  }

  /** Notes that a directory was copied up, on the thread that did. */
  public void addDirectory(long took) {
    Name program = program(Lane.currentPid());
    lock.lock();
    try {
      directories++;
      addLocked(program, 0, took);
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void addLocked(Name program, long copied, long took) {
    bytes += copied;
    nanos += took;
    boolean known = programs.containsKey(program) || programs.size() < MOST_PROGRAMS;
    Name key = known ? program : OTHERS;
    programs.put(key, programs.getOrDefault(key, new Sum(0, 0)).plus(copied));
  }

  private Name program(int pid) {
    if (pid == 0) {
      return KERNEL;
    }
    Name told = Lane.currentProgram();
    if (told != null) {
      return told;
    }
    long now = System.nanoTime();
    Asked known = ASKED.get();
    if (known != null && known.pid() == pid && now - known.nanos() < KNOWN_NANOS) {
      return known.program();
    }
    Name program = proc.program(pid);
    Asked answer = new Asked(pid, now, program == null ? ENDED : program);
    ASKED.set(answer);
    return answer.program();
  }

  /** What was counted since the mount. */
  public CopyUpFigures figures() {
    lock.lock();
    try {
      List<CopyUpFigures.Program> all = new ArrayList<>();
      programs.forEach(
          (name, sum) -> all.add(new CopyUpFigures.Program(name, sum.copyUps(), sum.bytes())));
      all.sort(
          Comparator.comparingLong(CopyUpFigures.Program::bytes)
              .thenComparingLong(CopyUpFigures.Program::copyUps)
              .reversed()
              .thenComparing(program -> program.name().toString()));
      return new CopyUpFigures(
          files, directories, bytes, nanos, longest, List.copyOf(top), List.copyOf(all));
    } finally {
      lock.unlock();
    }
  }
}
