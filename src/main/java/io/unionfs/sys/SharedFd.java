package io.unionfs.sys;

import java.util.concurrent.atomic.AtomicInteger;

/** A reference-counted descriptor, closed when its owner retired it and nobody has it pinned. */
public final class SharedFd {
  /** Where it is not known how large the file is. */
  public static final long UNKNOWN = -1;

  private static final int RETIRED = 1 << 30;

  private final Sys sys;
  private final int fd;
  private final long size;

  /* Pins, plus RETIRED once the owner has let go; -1 when closed. */
  private final AtomicInteger state = new AtomicInteger();

  /** Takes over a descriptor; the maker of this object is its owner. */
  public SharedFd(Sys sys, int fd) {
    this(sys, fd, UNKNOWN);
  }

  /**
   * Takes over the descriptor of a file that nobody writes to.
   *
   * @param size in bytes, when it was opened
   */
  public SharedFd(Sys sys, int fd, long size) {
    this.sys = sys;
    this.fd = fd;
    this.size = size;
  }

  /** Keeps the descriptor open until {@link #unpin}; false if its owner has let go. */
  public boolean tryPin() {
    while (true) {
      int now = state.get();
      if (now < 0 || (now & RETIRED) != 0) {
        return false;
      }
      if (state.compareAndSet(now, now + 1)) {
        return true;
      }
    }
  }

  /** Ends one {@link #tryPin}. */
  public void unpin() {
    if (state.decrementAndGet() == RETIRED) {
      close();
    }
  }

  /** Lets go of the descriptor as its owner; idempotent. */
  public void retire() {
    while (true) {
      int now = state.get();
      if (now < 0 || (now & RETIRED) != 0) {
        return;
      }
      if (state.compareAndSet(now, now | RETIRED)) {
        if (now == 0) {
          close();
        }
        return;
      }
    }
  }

  private void close() {
    if (state.compareAndSet(RETIRED, -1)) {
      sys.close(fd);
    }
  }

  /** The size of the file in bytes when it was opened, or {@link #UNKNOWN}. */
  public long size() {
    return size;
  }

  /** The descriptor; only while it is pinned. */
  public int fd() {
    return fd;
  }
}
