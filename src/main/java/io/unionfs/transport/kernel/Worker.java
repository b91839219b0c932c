package io.unionfs.transport.kernel;

import io.unionfs.core.Caller;
import io.unionfs.statistics.Lane;
import io.unionfs.statistics.Requests;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.RecentNames;
import io.unionfs.sys.Stat;
import io.unionfs.transport.kernel.codec.Reply;
import io.unionfs.transport.kernel.codec.Request;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/*
 * A reply is written behind its request in the same buffer: the data of a READ needs the room that a
 * WRITE's data takes, and never both.
 */
/** What one thread serves requests with: a buffer, and views of it. Only its thread uses it. */
final class Worker implements AutoCloseable {
  /** Room for the headers of a request, and for what is no file data. */
  private static final int REQUEST_ROOM = 80 << 10;

  /** What is left for a reply behind the largest request, so that none reaches past the buffer. */
  private static final int REPLY_ROOM = 64 << 10;

  /** While the thread is being interrupted, so that it waits until that has happened. */
  private static final long INTERRUPTING = -1;

  private static final long NONE = 0;

  /** The caller of a request that is not served here. */
  static final int NOBODY = -1;

  private final NativeMemory buffer;
  private final int size;
  private final AtomicLong interruptible = new AtomicLong(NONE);
  private final Thread thread;

  /* Of the request that is served; published by its number. */
  private int caller;

  private final RecentNames names = new RecentNames();

  /** Where the requests are counted. */
  final Lane lane;

  /** The request being served. */
  final Request request = new Request();

  /** The reply to it. */
  final Reply reply = new Reply();

  /** For attributes on their way into the reply. */
  final Stat stat = new Stat();

  /**
   * Made by the thread that serves.
   *
   * @param requests where it counts
   */
  Worker(Negotiation agreed, Requests requests) {
    this.size = agreed.maxWrite() + REQUEST_ROOM + REPLY_ROOM;
    this.buffer = NativeMemory.allocate(size);
    this.thread = Thread.currentThread();
    this.lane = requests.enter();
    request.useLongSetxattr(agreed.hasLongSetxattr());
  }

  long address() {
    return buffer.address();
  }

  /** How many bytes of the buffer a request may take. */
  int size() {
    return size - REPLY_ROOM;
  }

  /** How many bytes a reply's body can take. */
  int room() {
    return (int) (buffer.address() + size - reply.end());
  }

  /** Notes that the request may be interrupted from here on. */
  void begin() {
    caller = request.pid();
    interruptible.set(request.unique());
  }

  /** Notes that it may not any more, and forgets an interrupt that came too late. */
  void end() {
    while (!interruptible.compareAndSet(request.unique(), NONE)) {
      Thread.onSpinWait(); // somebody interrupts at this very moment
    }
    Thread.interrupted(); // the flag was for this request only
  }

  /**
   * The thread that waits for an answer to that request, 0 where the kernel cannot tell; {@link
   * #NOBODY} if it is not served here. Called by another thread.
   */
  int callerOf(long unique) {
    if (!serves(unique)) {
      return NOBODY;
    }
    int found = caller;
    VarHandle.loadLoadFence();
    return serves(unique) ? found : NOBODY; // else it may be that of the next request
  }

  private boolean serves(long unique) {
    long now = interruptible.get();
    while (now == INTERRUPTING) {
      Thread.onSpinWait(); // which request it was is known in a moment
      now = interruptible.get();
    }
    return unique != NONE && now == unique;
  }

  /** Interrupts the thread if it serves that request; called by another thread. */
  boolean interrupt(long unique) {
    boolean isNumber = unique != NONE && unique != INTERRUPTING; // an idle thread serves none
    if (!isNumber || !interruptible.compareAndSet(unique, INTERRUPTING)) {
      return false;
    }
    thread.interrupt();
    interruptible.set(unique);
    return true;
  }

  /** Name {@code i} of the request. */
  Name name(int i) {
    return names.fromNative(request.nameAddress(i), request.nameLength(i));
  }

  /** Who asks, with the file mode creation mask of the request. */
  Caller caller(int umask) {
    return new Caller(request.uid(), request.gid(), umask, request.pid());
  }

  @Override
  public void close() {
    lane.close();
    buffer.close();
  }
}
