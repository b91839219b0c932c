package io.unionfs.image.file;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.OutputStream;
import java.security.SecureRandom;

/** A file that is written in private and gets its name when it is complete and on disk. */
public final class StagedFile implements AutoCloseable {
  private static final String PREFIX = ".unionfs-new-";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Sys sys;
  private final byte[] shown;
  private final Fd parent;
  private final Name name;
  private final Fd file;
  private boolean published;

  private StagedFile(Sys sys, byte[] shown, Fd parent, Name name, Fd file) {
    this.sys = sys;
    this.shown = shown;
    this.parent = parent;
    this.name = name;
    this.file = file;
  }

  /**
   * Begins a file in a directory.
   *
   * @param parent a descriptor of it, taken over
   * @param shown a path for messages
   */
  public static StagedFile in(Sys sys, Fd parent, byte[] shown) throws IOException {
    Name name = Name.of(PREFIX + Long.toHexString(RANDOM.nextLong()));
    try (Fd held = parent) {
      int flags = Linux.O_CREAT | Linux.O_EXCL | Linux.O_RDWR;
      Fd file = new Fd(sys, sys.openat(held.raw(), name, flags, 0666));
      return new StagedFile(sys, shown, new Fd(sys, held.take()), name, file);
    } catch (ErrnoException e) {
      throw Directories.failed(shown, e);
    }
  }

  /** Where the content goes; not buffered, and closing it means nothing. */
  public OutputStream out() {
    return new FdOutputStream(sys, file.raw());
  }

  /** Throws away what was written, to begin again. */
  public void restart() throws IOException {
    try {
      sys.ftruncate(file.raw(), 0);
      sys.lseek(file.raw(), 0, Linux.SEEK_SET);
    } catch (ErrnoException e) {
      throw Directories.failed(shown, e);
    }
  }

  /**
   * Refuses a name that {@link #publish} would refuse, before the work.
   *
   * @throws IOException with a message for the user
   */
  public void requirePlace(Name finalName) throws IOException {
    Stat stat = new Stat();
    int errno = sys.tryStatx(parent.raw(), finalName, stat);
    if (errno == 0 && !stat.isRegular()) {
      throw new IOException(Name.of(shown) + ": it exists and is no regular file");
    }
  }

  /**
   * Gives the file its name, in place of a regular file that has it.
   *
   * @throws IOException with a message for the user
   */
  public void publish(Name finalName) throws IOException {
    try {
      requirePlace(finalName);
      sys.fsync(file.raw());
      sys.renameat2(parent.raw(), name, parent.raw(), finalName, 0);
      published = true;
    } catch (ErrnoException e) {
      throw Directories.failed(shown, e);
    }
  }

  /** Removes the file unless it was published. */
  @Override
  public void close() throws IOException {
    int errno = published ? 0 : sys.tryUnlinkat(parent.raw(), name, 0);
    file.close();
    parent.close();
    if (errno != 0) {
      throw new IOException(
          Name.of(shown) + ": what was written could not be removed: " + Errno.message(errno));
    }
  }
}
