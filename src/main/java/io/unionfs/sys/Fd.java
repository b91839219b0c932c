package io.unionfs.sys;

import java.util.concurrent.atomic.AtomicInteger;

/** An owned descriptor, closed once. */
public final class Fd implements AutoCloseable {
  private static final int GONE = -1;

  private final Sys sys;
  private final AtomicInteger fd;

  public Fd(Sys sys, int fd) {
    this.sys = sys;
    this.fd = new AtomicInteger(fd);
  }

  /** The descriptor, still owned by this object. */
  public int raw() {
    return fd.get();
  }

  /** The descriptor, which the caller owns from here on. */
  public int take() {
    return fd.getAndSet(GONE);
  }

  @Override
  public void close() {
    int owned = take();
    if (owned != GONE) {
      sys.close(owned);
    }
  }
}
