package io.unionfs.core;

import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/*
 * The origin mark is a file handle, and only a privileged server may open one to find the inode number
 * that a copied-up file has to go on showing. Without that right the number itself is written down: in
 * an xattr, or, since user.* xattrs are for regular files and directories only, as a symbolic link in
 * WORK/index that is named after the handle of the copy. A link's target is written with it, in one
 * step.
 */
/** The inode numbers of copied-up files, for a server that may not open file handles. */
final class OriginNumbers {
  private static final String PREFIX = "#ino-";

  private final Sys sys;
  private final Marks marks;
  private final @Nullable WorkDir work;

  OriginNumbers(Sys sys, Marks marks, @Nullable WorkDir work) {
    this.sys = sys;
    this.marks = marks;
    this.work = work;
  }

  /** What a file showed before it was copied up. */
  record Shown(long ino, int generation) {}

  /** Whether this mount writes numbers down. */
  boolean isNeeded() {
    return !marks.isTrusted();
  }

  /** Whether a file's number is kept outside of it, and so must be removed with it. */
  boolean isKeptApart(FileNode file) {
    return isNeeded() && file.isForeign() && !file.isRegular();
  }

  /** Writes down the number of a copy that has no name in the upper yet. */
  void write(int dirFd, Name copy, FileNode file) throws ErrnoException {
    if (!isNeeded()) {
      return;
    }
    byte[] text =
        (Long.toUnsignedString(file.ino()) + " " + file.generation())
            .getBytes(StandardCharsets.US_ASCII);
    if (file.isRegular()) {
      marks.setNumber(dirFd, copy, text);
      return;
    }
    FileHandle handle = sys.nameToHandleAt(dirFd, copy);
    WorkDir present = work;
    if (handle == null || present == null) {
      return;
    }
    SharedFd index = present.makeIndex().pin();
    try {
      Name entry = entry(handle);
      int errno = sys.tryUnlinkat(index.fd(), entry, 0);
      if (errno != 0 && errno != Errno.ENOENT) {
        throw ErrnoException.of(errno);
      }
      sys.symlinkat(text, index.fd(), entry);
    } finally {
      index.unpin();
    }
  }

  /** The number of an upper file that came from a lower, or null where none is written down. */
  @Nullable Shown read(int dirFd, Name name, int type) throws ErrnoException {
    if (!isNeeded()) {
      return null;
    }
    if (type == Linux.S_IFREG) {
      return parse(marks.number(dirFd, name));
    }
    WorkDir present = work;
    LayerDir index = present == null ? null : present.index();
    FileHandle handle = index == null ? null : sys.nameToHandleAt(dirFd, name);
    if (index == null || handle == null) {
      return null;
    }
    SharedFd fd = index.pin();
    try {
      return parse(sys.readlinkat(fd.fd(), entry(handle)));
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT || e.errno() == Errno.EINVAL) {
        return null;
      }
      throw e;
    } finally {
      fd.unpin();
    }
  }

  /** Removes what is kept of a file that has no name left. */
  void remove(SharedFd file) throws ErrnoException {
    FileHandle handle = sys.handleOf(file.fd());
    WorkDir present = work;
    LayerDir index = present == null ? null : present.index();
    if (handle == null || index == null) {
      return;
    }
    SharedFd fd = index.pin();
    try {
      int errno = sys.tryUnlinkat(fd.fd(), entry(handle), 0);
      if (errno != 0 && errno != Errno.ENOENT) {
        throw ErrnoException.of(errno);
      }
    } finally {
      fd.unpin();
    }
  }

  private static Name entry(FileHandle handle) {
    return Name.of(PREFIX + handle.type() + "-" + HexFormat.of().formatHex(handle.bytes()));
  }

  private static @Nullable Shown parse(byte @Nullable [] text) {
    if (text == null) {
      return null;
    }
    String[] words = new String(text, StandardCharsets.US_ASCII).split(" ", -1);
    try {
      long ino = words.length == 2 ? Long.parseUnsignedLong(words[0]) : 0;
      return ino == 0 ? null : new Shown(ino, Integer.parseInt(words[1]));
    } catch (NumberFormatException e) {
      return null; // not ours, or damaged: the upper's own number will do
    }
  }
}
