package io.unionfs.sys;

import java.util.concurrent.atomic.AtomicInteger;

/** A reference-counted descriptor, closed when its owner retired it and nobody has it pinned. */
public final class SharedFd {
  private static final int RETIRED = 1 << 30;

  private final Sys sys;
  private final int fd;

  /* Pins, plus RETIRED once the owner has let go; -1 when closed. */
  private final AtomicInteger state = new AtomicInteger();

  /** Takes over a descriptor; the maker of this object is its owner. */
  public SharedFd(Sys sys, int fd) {
    this.sys = sys;
    this.fd = fd;
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

  /** The descriptor; only while it is pinned. */
  public int fd() {
    return fd;
  }
}
