package io.unionfs.image;

import io.unionfs.image.LayerSink.Content;
import io.unionfs.image.UnpackedTree.Dir;
import io.unionfs.image.tar.TarHeader.Extent;
import io.unionfs.layer.Marks;
import io.unionfs.layer.OwnerOverride;
import io.unionfs.layer.WhiteoutFormat;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/*
 * Owner first, because chown(2) takes set-id bits and capabilities; then the extended attributes, for
 * which a mode may be in the way; then the mode; times last. Blocks of zeros become holes: archives of
 * layers have none, and zeros on disk would be a waste whatever they were.
 */
/** Makes single objects of a layer on the host. */
final class ObjectWriter {
  private static final int HOLE_BYTES = 4096;
  private static final Name ACCESS_ACL = Name.of("system.posix_acl_access");
  private static final Name SELINUX = Name.of("security.selinux");

  private final Sys sys;
  private final @Nullable OwnerOverride owners;
  private final Set<Name> lost = new TreeSet<>();
  private final byte[] buffer = new byte[1 << 16];

  /**
   * @param owners how owners are kept in xattrs; null where they are the host's
   */
  ObjectWriter(Sys sys, @Nullable OwnerOverride owners) {
    this.sys = sys;
    this.owners = owners;
  }

  /** The extended attributes that the host did not take, by name. */
  Set<Name> lost() {
    return lost;
  }

  /** Makes an object that is neither directory nor link to another one. */
  void write(int dirFd, Name name, LayerEntry entry, Content content, UnpackLimit limit)
      throws IOException, ErrnoException {
    Attributes attributes = entry.required();
    switch (entry.kind()) {
      case FILE -> {
        try (Fd fd = LayerUnpacker.create(sys, dirFd, name)) {
          copy(fd.raw(), entry, content, limit);
          describe(fd.raw(), null, Linux.S_IFREG, 0, attributes);
        }
      }
      case SYMLINK -> {
        sys.symlinkat(entry.link().bytes(), dirFd, name);
        describe(dirFd, name, Linux.S_IFLNK, 0, attributes);
      }
      case FIFO -> special(dirFd, name, Linux.S_IFIFO, 0, attributes);
      case CHARACTER_DEVICE -> special(dirFd, name, Linux.S_IFCHR, entry.rdev(), attributes);
      case BLOCK_DEVICE -> special(dirFd, name, Linux.S_IFBLK, entry.rdev(), attributes);
      default -> throw new IllegalStateException("not made here: " + entry.kind());
    }
  }

  private void special(int dirFd, Name name, int type, long rdev, Attributes attributes)
      throws IOException, ErrnoException {
    if (type == Linux.S_IFCHR && rdev == 0) {
      throw new LayerException("a character device 0:0 would be a mark of a deletion");
    }
    if (owners != null) {
      LayerUnpacker.create(sys, dirFd, name).close();
    } else {
      try {
        sys.mknodat(dirFd, name, type | 0600, rdev);
      } catch (ErrnoException e) {
        if (e.errno() == Errno.EPERM) {
          throw new LayerException("it is a device, which may not be made here; see --owners", e);
        }
        throw e;
      }
    }
    describe(dirFd, name, type, rdev, attributes);
  }

  private void copy(int fd, LayerEntry entry, Content content, UnpackLimit limit)
      throws IOException, ErrnoException {
    for (Extent extent : entry.extents()) {
      long at = extent.offset();
      long end = at + extent.length();
      while (at < end) {
        Interruptions.check();
        int filled = fill(content, (int) Math.min(buffer.length, end - at));
        if (filled == 0) {
          throw new LayerException("it is shorter than its header says");
        }
        writeData(fd, filled, at, limit);
        at += filled;
      }
    }
    sys.ftruncate(fd, entry.size());
  }

  private int fill(Content content, int wanted) throws IOException, ErrnoException {
    int filled = 0;
    while (filled < wanted) {
      int read = content.read(buffer, filled, wanted - filled);
      if (read < 0) {
        break;
      }
      filled += read;
    }
    return filled;
  }

  private void writeData(int fd, int length, long offset, UnpackLimit limit)
      throws IOException, ErrnoException {
    int from = 0;
    while (from < length) {
      int to = from;
      while (to < length && !isHole(to, length, offset)) {
        to = nextBlock(to, length, offset);
      }
      if (to > from) {
        limit.data(to - from);
        writeAll(fd, from, to, offset);
      }
      from = to < length ? nextBlock(to, length, offset) : to;
    }
  }

  /* The end of the file's block that the buffer's position lies in, in the buffer. */
  private static int nextBlock(int at, int length, long offset) {
    long inBlock = (offset + at) % HOLE_BYTES;
    return (int) Math.min(length, at + HOLE_BYTES - inBlock);
  }

  private boolean isHole(int at, int length, long offset) {
    int end = nextBlock(at, length, offset);
    for (int i = at; i < end; i++) {
      if (buffer[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private void writeAll(int fd, int from, int to, long offset) throws ErrnoException {
    int done = from;
    while (done < to) {
      done += sys.pwriteArray(fd, buffer, done, to - done, offset + done);
    }
  }

  /* Null for the object that the descriptor is. */
  private void describe(int fd, @Nullable Name name, int type, long rdev, Attributes attributes)
      throws IOException, ErrnoException {
    OwnerOverride override = owners;
    if (override != null) {
      Stat shown = new Stat();
      shown.mode = type | attributes.permissions();
      shown.uid = attributes.uid();
      shown.gid = attributes.gid();
      shown.rdev = rdev;
      override.declare(fd, name, shown);
      setXattrs(fd, name, attributes);
      if (attributes.xattrs().containsKey(ACCESS_ACL)) {
        override.declare(fd, name, shown); // an ACL changes the mode that is shown
      }
    } else {
      chown(fd, name, attributes);
      setXattrs(fd, name, attributes);
      if (type != Linux.S_IFLNK) {
        chmod(fd, name, attributes.permissions());
      }
    }
    setTime(fd, name, attributes);
  }

  private void chown(int fd, @Nullable Name name, Attributes attributes)
      throws IOException, ErrnoException {
    try {
      if (name == null) {
        sys.fchown(fd, attributes.uid(), attributes.gid());
      } else {
        sys.fchownat(fd, name, attributes.uid(), attributes.gid());
      }
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EPERM || e.errno() == Errno.EINVAL) {
        throw new LayerException(
            "its owner "
                + Integer.toUnsignedString(attributes.uid())
                + ":"
                + Integer.toUnsignedString(attributes.gid())
                + " cannot be set here; --owners xattr keeps owners in extended attributes",
            e);
      }
      throw e;
    }
  }

  private void chmod(int fd, @Nullable Name name, int mode) throws ErrnoException {
    if (name == null) {
      sys.fchmod(fd, mode);
    } else {
      sys.fchmodat(fd, name, mode);
    }
  }

  private void setTime(int fd, @Nullable Name name, Attributes attributes) throws ErrnoException {
    long mtime = attributes.mtime();
    int nanos = attributes.mtimeNsec();
    if (name == null) {
      sys.futimens(fd, mtime, nanos, mtime, nanos);
    } else {
      sys.utimensat(fd, name, mtime, nanos, mtime, nanos);
    }
  }

  private void setXattrs(int fd, @Nullable Name name, Attributes attributes) throws ErrnoException {
    for (Map.Entry<Name, byte[]> each : attributes.xattrs().entrySet()) {
      Name xattr = Marks.toDisk(each.getKey());
      if (xattr == null) {
        lost.add(each.getKey());
      } else if (!xattr.equals(SELINUX)) {
        setXattr(fd, name, xattr, each.getValue());
      }
    }
  }

  private void setXattr(int fd, @Nullable Name name, Name xattr, byte[] value)
      throws ErrnoException {
    try {
      OwnerOverride override = owners;
      if (override != null) {
        override.setxattr(fd, name, xattr, value, 0);
      } else if (name == null) {
        sys.fsetxattr(fd, xattr, value, 0);
      } else {
        sys.setxattrat(fd, name, xattr, value, 0);
      }
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EPERM && e.errno() != Errno.EOPNOTSUPP) {
        throw e;
      }
      lost.add(xattr);
    }
  }

  /** Gives the directories their marks and attributes, what is in a directory first. */
  void finish(UnpackedTree tree) throws IOException {
    ArrayList<Dir> all = new ArrayList<>();
    ArrayDeque<Dir> open = new ArrayDeque<>();
    open.add(tree.root());
    while (!open.isEmpty()) {
      Dir dir = open.remove();
      all.add(dir);
      open.addAll(dir.children().values());
    }
    for (int i = all.size() - 1; i >= 0; i--) {
      finish(tree, all.get(i));
    }
  }

  private void finish(UnpackedTree tree, Dir dir) throws IOException {
    try {
      describe(tree, dir);
    } catch (ErrnoException e) {
      throw failed(dir, Errno.message(e.errno()), e);
    } catch (LayerException e) {
      throw failed(dir, String.valueOf(e.getMessage()), e);
    }
  }

  private static LayerException failed(Dir dir, String what, Exception cause) {
    return new LayerException("the directory " + dir.path() + ": " + what, cause);
  }

  private void describe(UnpackedTree tree, Dir dir) throws IOException, ErrnoException {
    Marks marks = tree.marks();
    SharedFd fd = dir.at().pin();
    try {
      if (dir.isOpaque() && !dir.path().isRoot()) {
        marks.setOpaque(fd.fd(), Name.DOT);
      }
      if (dir.holdsWhiteouts() && marks.whiteouts().format() == WhiteoutFormat.XATTR) {
        marks.announceXattrWhiteouts(fd.fd());
      }
      describe(fd.fd(), null, Linux.S_IFDIR, 0, dir.attributes());
    } finally {
      fd.unpin();
    }
  }
}
