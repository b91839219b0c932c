package io.unionfs.image.file;

import io.unionfs.sys.Dirents;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Directories that a user names by their paths. */
public final class Directories {
  private static final Name HERE = Name.of(".");

  private Directories() {}

  /**
   * A path taken apart.
   *
   * @param parent the path of the directory it is in
   * @param name the last component
   */
  public record Split(byte[] parent, Name name) {}

  /**
   * Takes the last component off a path, slashes behind it ignored.
   *
   * @throws IOException for a path that ends in no name, with a message for the user
   */
  public static Split split(byte[] path) throws IOException {
    int end = path.length;
    while (end > 0 && path[end - 1] == '/') {
      end--;
    }
    int start = end;
    while (start > 0 && path[start - 1] != '/') {
      start--;
    }
    Name name = Name.of(path, start, end - start);
    if (name.length() == 0 || name.equals(Name.DOT) || name.equals(Name.DOTDOT)) {
      throw new IOException(Name.of(path) + ": give it by a name of its own");
    }
    byte[] parent = start == 0 ? HERE.bytes() : Name.of(path, 0, start).bytes();
    return new Split(parent, name);
  }

  /** A descriptor of a directory, as {@code O_PATH}; links in the path are followed. */
  public static Fd open(Sys sys, byte[] path) throws IOException {
    try {
      return new Fd(sys, sys.openPath(path, Linux.O_PATH | Linux.O_DIRECTORY, 0));
    } catch (ErrnoException e) {
      throw failed(path, e);
    }
  }

  /**
   * Opens a directory by its path, making it and those above it where they are missing.
   *
   * @param mode of those that are made
   */
  public static Fd make(Sys sys, byte[] path, int mode) throws IOException {
    Name current = Name.of(path.length > 0 && path[0] == '/' ? "/" : ".");
    Fd at = open(sys, current.bytes());
    try {
      for (String part : new String(path, StandardCharsets.ISO_8859_1).split("/", -1)) {
        Name name = Name.of(part.getBytes(StandardCharsets.ISO_8859_1));
        if (name.length() > 0) {
          Fd next = makeOne(sys, at.raw(), name, mode);
          at.close();
          at = next;
        }
      }
      Fd made = at;
      at = new Fd(sys, -1);
      return made;
    } catch (ErrnoException e) {
      throw failed(path, e);
    } finally {
      at.close();
    }
  }

  /** The directories of a path that {@link #make} would make, the deepest first. */
  public static List<byte[]> missing(Sys sys, byte[] path) {
    List<byte[]> missing = new ArrayList<>();
    Stat stat = new Stat();
    for (int end = path.length; end > 0; end--) {
      boolean isName = path[end - 1] != '/' && (end == path.length || path[end] == '/');
      if (isName) {
        byte[] prefix = Arrays.copyOf(path, end);
        if (sys.tryStatx(Linux.AT_FDCWD, Name.of(prefix), stat) != Errno.ENOENT) {
          break;
        }
        missing.add(prefix);
      }
    }
    return missing;
  }

  /** A subdirectory, which is made where it is missing. */
  public static Fd makeOne(Sys sys, int dirFd, Name name, int mode) throws ErrnoException {
    byte[] bytes = name.bytes();
    int fd = sys.tryOpenBeneath(dirFd, bytes, Linux.O_PATH | Linux.O_DIRECTORY, 0, 0);
    if (fd == -Errno.ENOENT) {
      try {
        sys.mkdirat(dirFd, name, mode);
      } catch (ErrnoException e) {
        if (e.errno() != Errno.EEXIST) {
          throw e;
        }
      }
      fd = sys.tryOpenBeneath(dirFd, bytes, Linux.O_PATH | Linux.O_DIRECTORY, 0, 0);
    }
    if (fd < 0) {
      throw ErrnoException.of(-fd);
    }
    return new Fd(sys, fd);
  }

  /** Whether a directory has no entry but perhaps one. */
  public static boolean isEmptyBut(Sys sys, int dirFd, byte[] path, Name allowed)
      throws IOException {
    try {
      return isEmpty(sys, dirFd, Name.DOT, allowed);
    } catch (ErrnoException e) {
      throw failed(path, e);
    }
  }

  static boolean isEmpty(Sys sys, int parentFd, Name name) throws ErrnoException {
    return isEmpty(sys, parentFd, name, Name.DOT);
  }

  private static boolean isEmpty(Sys sys, int parentFd, Name name, Name allowed)
      throws ErrnoException {
    try (Fd fd = new Fd(sys, sys.openat(parentFd, name, Linux.O_RDONLY | Linux.O_DIRECTORY, 0));
        Dirents entries = Dirents.open(sys, fd.raw())) {
      while (entries.next()) {
        if (!entries.isDotOrDotDot() && !entries.name().equals(allowed)) {
          return false;
        }
      }
      return true;
    }
  }

  /** A failed system call as a message for the user. */
  public static IOException failed(byte[] path, ErrnoException e) {
    return new IOException(Name.of(path) + ": " + Errno.message(e.errno()), e);
  }
}
