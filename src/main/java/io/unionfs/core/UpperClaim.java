package io.unionfs.core;

import io.unionfs.layer.Directories;
import io.unionfs.layer.DirectoryLock;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/*
 * umount(2) returns before a FUSE server has let go, so a claim waits a moment for a holder that has
 * no mount any more.
 */
/** The sole right of a mount to write to an upper or work dir. */
final class UpperClaim implements AutoCloseable {
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long WAIT_LIVE_NANOS = TimeUnit.MILLISECONDS.toNanos(300);
  private static final long WAIT_DEAD_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final long NOBODY = -1;

  private final DirectoryLock lock;

  private UpperClaim(DirectoryLock lock) {
    this.lock = lock;
  }

  static UpperClaim take(Sys sys, Directories.Checked directory) throws IOException {
    try {
      UpperClaim claim = new UpperClaim(DirectoryLock.of(sys, directory));
      boolean taken = false;
      try {
        claim.await(directory);
        taken = true;
        return claim;
      } finally {
        if (!taken) {
          claim.close();
        }
      }
    } catch (ErrnoException e) {
      throw new MountRefusedException(directory + ": " + e.getMessage(), e);
    }
  }

  private void await(Directories.Checked directory) throws ErrnoException, MountRefusedException {
    long start = System.nanoTime();
    long ending = NOBODY;
    while (!lock.tryTake()) {
      long holder = holder(directory.stat());
      if (holder > 0 && holder != ending && !HolderMount.exists(holder)) {
        ending = holder;
      }
      boolean ends = ending != NOBODY && (holder == ending || holder == 0); // 0: it has let go
      long patience = ends ? WAIT_DEAD_NANOS : WAIT_LIVE_NANOS;
      if (System.nanoTime() - start > patience) {
        throw new MountRefusedException(directory + " is in use by " + describe(holder));
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  private static String describe(long pid) {
    return pid > 0
        ? "process " + pid + " (another union mount); unmount that first"
        : "another process; unmount the union that uses it first";
  }

  /* The process that holds the lock by /proc/locks (proc(5)), or 0 where it cannot be seen. */
  private static long holder(Stat stat) {
    String inode =
        String.format("%02x:%02x:%d", Linux.major(stat.dev), Linux.minor(stat.dev), stat.ino);
    for (String line : HolderMount.lines("/proc/locks")) {
      String[] fields = line.trim().split("\\s+", -1);
      if (fields.length >= 6 && fields[1].equals("FLOCK") && fields[5].equals(inode)) {
        return parse(fields[4]);
      }
    }
    return 0;
  }

  private static long parse(String pid) {
    try {
      return Math.max(0, Long.parseLong(pid));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  @Override
  public void close() {
    lock.close();
  }
}
