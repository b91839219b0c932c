package io.unionfs.statistics;

import io.unionfs.sys.Name;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/*
 * With the kernel's write cache, the WRITE that makes a copy-up comes long after the write(2), from nobody.
 * But before a write(2) the kernel asks for the file's capabilities, for the process that writes. Who asked
 * last for a file that a lower has is remembered, in a table without collision handling: what is
 * forgotten is shown as not known.
 */
/** Who may be about to write to files that were not copied up yet. */
public final class Writers {
  private static final int SLOTS = 1024;
  private static final int PID_BITS = 22; // PID_MAX_LIMIT of Linux
  private static final long PID_MASK = (1L << PID_BITS) - 1;
  private static final long MIX = 0x9E3779B97F4A7C15L;

  private final Requests requests;
  private final Proc proc;

  /** Each has a process number below, and above what is left of the mixed node id. */
  private final AtomicLongArray slots = new AtomicLongArray(SLOTS);

  /** What those processes ran, asked for only while somebody looks: a process may soon be gone. */
  private final AtomicReferenceArray<@Nullable Name> programs = new AtomicReferenceArray<>(SLOTS);

  public Writers(Requests requests, Proc proc) {
    this.requests = requests;
    this.proc = proc;
  }

  /** Notes that a process may be about to write. */
  public void note(long nodeId, int pid) {
    long mixed = nodeId * MIX;
    int slot = slot(mixed);
    long entry = (mixed & ~PID_MASK) | (pid & PID_MASK);
    if (slots.getOpaque(slot) == entry) {
      return;
    }
    programs.setOpaque(slot, requests.watched() ? proc.program(pid) : null);
    slots.setRelease(slot, entry);
  }

  /** Lets a lane work for the process that may have written, where it is known. */
  public void recall(long nodeId, Lane lane) {
    long mixed = nodeId * MIX;
    int slot = slot(mixed);
    long entry = slots.getAcquire(slot);
    if (entry != 0 && ((entry ^ mixed) & ~PID_MASK) == 0) {
      lane.workFor((int) (entry & PID_MASK), programs.getOpaque(slot));
    }
  }

  private static int slot(long mixed) {
    return (int) (mixed >>> 32) & (SLOTS - 1);
  }
}
