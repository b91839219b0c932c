package io.unionfs.core;

import io.unionfs.layer.Directories;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.TreeRemoval;
import io.unionfs.sys.Dirents;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/*
 * As kernel overlayfs: an entry of WORK/work/incompat forbids every later mount, the kernel's too,
 * until somebody who knows what it means removes it. A volatile mount leaves "volatile" there, for
 * nothing that it copied up is known to have reached the disk. The kernel's own stays after a clean
 * unmount as well; a union that ends cleanly syncs the upper once and takes it away. Records of
 * renames are there too (UnfinishedRenames); those this program knows how to end.
 */
/** The marks in the work directory that refuse a mount. */
final class Incompat {
  static final Name DIRECTORY = Name.of("incompat");
  private static final Name VOLATILE = Name.of("volatile");
  private static final Name DIRTY = Name.of("dirty");

  private final Sys sys;
  private final LayerDir work;

  /**
   * @param work the directory {@code work} of the work directory
   */
  Incompat(LayerDir work) {
    this.sys = work.sys();
    this.work = work;
  }

  /**
   * Refuses a work directory with a mark in it.
   *
   * @param shown the work directory as the user named it
   */
  void check(Directories.Checked shown) throws IOException, ErrnoException {
    Name mark = mark();
    if (mark == null) {
      return;
    }
    String at = shown + ": " + WorkDir.WORK + "/" + DIRECTORY + "/" + mark;
    if (mark.equals(VOLATILE)) {
      throw new MountRefusedException(
          at
              + " says that a volatile mount did not end cleanly, and files of the upper may be"
              + " damaged: start with a new upper and work directory, or, if the system did not"
              + " crash since, remove "
              + mark
              + " and mount again");
    }
    throw new MountRefusedException(
        at
            + " is the mark of a feature that this version does not know; mount with the program"
            + " that made it, or start with a new upper and work directory");
  }

  private @Nullable Name mark() throws ErrnoException {
    Stat stat = new Stat();
    int errno = work.tryStat(DIRECTORY, stat);
    if (errno == Errno.ENOENT || (errno == 0 && !stat.isDirectory())) {
      return null;
    }
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
    LayerDir directory = work.child(DIRECTORY);
    try (Fd listing = new Fd(sys, directory.openSelf());
        Dirents entries = Dirents.open(sys, listing.raw())) {
      while (entries.next()) {
        if (!entries.isDotOrDotDot() && !UnfinishedRenames.isRecord(entries.name())) {
          return entries.name();
        }
      }
    }
    return null;
  }

  /** Notes that this mount syncs nothing. */
  void markVolatile() throws ErrnoException {
    LayerDir directory = makeDirectory(work, DIRECTORY);
    LayerDir mark = makeDirectory(directory, VOLATILE);
    SharedFd fd = mark.pin();
    try {
      sys.close(sys.openat(fd.fd(), DIRTY, Linux.O_CREAT | Linux.O_EXCL | Linux.O_WRONLY, 0600));
    } finally {
      fd.unpin();
    }
  }

  private LayerDir makeDirectory(LayerDir parent, Name name) throws ErrnoException {
    SharedFd fd = parent.pin();
    try {
      sys.mkdirat(fd.fd(), name, 0700);
    } finally {
      fd.unpin();
    }
    return parent.child(name);
  }

  /** Makes the upper's file system durable, and takes the mark of {@link #markVolatile} away. */
  void clearVolatile() throws ErrnoException {
    try (Fd fd = new Fd(sys, work.openSelf())) {
      sys.syncfs(fd.raw());
    }
    TreeRemoval.remove(work, DIRECTORY);
  }
}
