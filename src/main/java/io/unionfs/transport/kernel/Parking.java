package io.unionfs.transport.kernel;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.unionfs.core.FileNode;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FuseDevice;
import io.unionfs.sys.NativeMemory;
import io.unionfs.transport.kernel.codec.In;
import io.unionfs.transport.kernel.codec.Reply;
import io.unionfs.transport.kernel.codec.Request;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Write-back sends a file's dirty pages as many requests at once, and the first of them copies the
 * file up. The others would each hold a thread until that is done, until there is none left for other
 * files. So they are set down in an unnamed file on the upper's file system, where they would end
 * anyway, and one thread for each such file carries them out afterwards. Requests of write-back for
 * one file never overlap, so their order is free.
 */
/** The writes of the kernel's cache that wait for a copy-up. */
final class Parking {
  private static final Logger LOG = LoggerFactory.getLogger(Parking.class);

  /** Files with writes that wait; those of more files wait in the threads that read them. */
  private static final int MOST_FILES = 16;

  private static final int REPLY_ROOM = 64;

  /**
   * A write that waits.
   *
   * @param place where its data is in the unnamed file
   */
  private record Parked(long unique, FileNode file, long offset, int length, long place) {}

  private final UnionFileSystem fs;
  private final FuseDevice device;
  private final KeptTimes keptTimes;
  private final boolean active;
  private final int maxWrite;
  private final String name;
  private final SpillFile spill;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition empty = lock.newCondition();

  @GuardedBy("lock")
  private final Map<FileNode, Queue<Parked>> queues = new HashMap<>();

  Parking(
      UnionFileSystem fs, FuseDevice device, KeptTimes keptTimes, Negotiation agreed, String name) {
    this.fs = fs;
    this.device = device;
    this.keptTimes = keptTimes;
    this.active = agreed.writeback();
    this.maxWrite = agreed.maxWrite();
    this.name = name;
    this.spill = new SpillFile(fs);
  }

  /** Takes over a WRITE whose file is being copied up, and answers it later; false if not. */
  boolean takes(Request request, FileNode file) {
    if (!active || !fs.copyUpRuns(file)) {
      return false;
    }
    int length = request.u32(In.IO_LENGTH);
    lock.lock();
    try {
      Queue<Parked> queue = queues.get(file);
      if (queue == null && queues.size() >= MOST_FILES) {
        return false;
      }
      long place = spill.store(request.payload(), length);
      Parked parked = new Parked(request.unique(), file, request.u64(In.IO_OFFSET), length, place);
      if (queue == null) {
        queue = new ArrayDeque<>();
        startThread(file);
        queues.put(file, queue);
      }
      queue.add(parked);
      fs.retain(file);
      return true;
    } catch (ErrnoException | OutOfMemoryError e) {
      LOG.debug("a write of {} waits in its thread: {}", file, e.getMessage());
      return false;
    } finally {
      lock.unlock();
    }
  }

  /* What the thread needs is there before anything is left to it: nobody else would answer. */
  private void startThread(FileNode file) {
    NativeMemory buffer = NativeMemory.allocate((long) maxWrite + REPLY_ROOM);
    boolean started = false;
    try {
      Thread thread = new Thread(() -> drain(file, buffer), name + "-parked");
      thread.setDaemon(true);
      thread.start();
      started = true;
    } finally {
      if (!started) {
        buffer.close();
      }
    }
  }

  private void drain(FileNode file, NativeMemory buffer) {
    try (buffer) {
      for (Parked parked = next(file); parked != null; parked = next(file)) {
        int errno = carryOut(parked, buffer.address());
        answer(parked, errno, buffer.address() + maxWrite);
        fs.release(parked.file(), 1);
      }
    }
  }

  private @Nullable Parked next(FileNode file) {
    lock.lock();
    try {
      Queue<Parked> queue = queues.get(file);
      Parked parked = queue == null ? null : queue.poll();
      if (parked == null) {
        queues.remove(file);
        if (queues.isEmpty()) {
          spill.empty();
          empty.signalAll();
        }
      }
      return parked;
    } finally {
      lock.unlock();
    }
  }

  private int carryOut(Parked parked, long address) {
    try {
      spill.load(parked.place(), address, parked.length());
      CachedWrites.write(fs, keptTimes, parked.file(), address, parked.length(), parked.offset());
      return 0;
    } catch (ErrnoException e) {
      return e.errno();
    } catch (Throwable e) { // the kernel must get its answer
      LOG.error("a write of {} failed with EIO", parked.file(), e);
      return Errno.EIO;
    }
  }

  private void answer(Parked parked, int errno, long address) {
    Reply reply = new Reply();
    reply.start(address, parked.unique());
    reply.size(parked.length());
    reply.finish(errno);
    int refused = device.write(address, reply.length());
    if (refused != 0 && refused != Errno.ENODEV && refused != Errno.ENOENT) {
      LOG.warn("the reply to a write was refused: {}", Errno.message(refused));
    }
  }

  /** Waits until nothing is parked any more. */
  void awaitEmpty() {
    lock.lock();
    try {
      while (!queues.isEmpty()) {
        empty.awaitUninterruptibly();
      }
      spill.empty();
    } finally {
      lock.unlock();
    }
  }
}
