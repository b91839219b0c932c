package io.unionfs.transport.jnrfuse;

import static io.unionfs.transport.jnrfuse.RequestThread.caller;

import io.unionfs.core.DirNode;
import io.unionfs.core.FileNode;
import io.unionfs.core.Listing;
import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Scratch;
import io.unionfs.sys.Stat;
import io.unionfs.transport.AclNarrowing;
import io.unionfs.transport.jnrfuse.Handles.Handle;
import io.unionfs.transport.jnrfuse.Layouts.FileInfoAt;
import io.unionfs.transport.jnrfuse.Layouts.StatAt;
import io.unionfs.transport.jnrfuse.LibFuse2.FillDir;
import io.unionfs.transport.jnrfuse.Paths.Place;
import org.jspecify.annotations.Nullable;

/**
 * The operations of libfuse on open files and directories. {@code info} is the address of a {@code
 * struct fuse_file_info}. Paths are not looked at once there is a handle, and libfuse is told not
 * to make them, which keeps its path locks out of reading and writing.
 */
final class HandleOperations {
  private static final int DT_SHIFT = 12;

  private final UnionFileSystem fs;
  private final LibFuse2 library;
  private final Paths paths;
  private final Handles handles;
  private final HiddenFiles hidden;
  private final Attributes attributes;
  private final AclNarrowing acl;
  private final LinkedNodes linked;

  /** libfuse's function that takes directory entries; it has only one. Volatile: publishes it. */
  private volatile @Nullable FillDir fillDir;

  HandleOperations(MountContext context) {
    fs = context.fs();
    library = context.library();
    paths = context.paths();
    handles = context.handles();
    hidden = context.hidden();
    attributes = context.attributes();
    acl = context.acl();
    linked = context.linked();
  }

  int create(long path, int mode, long info) throws ErrnoException {
    Place at = paths.newPlace(path);
    FileNode node;
    try {
      node = fs.create(at.parent(), at.name(), mode & 07777, caller(library), null);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EEXIST && (flags(info) & Linux.O_EXCL) == 0) {
        // The kernel does not check permissions on a file that it believes it has made. ESTALE
        // makes it look the name up again and open what is there.
        throw ErrnoException.of(Errno.ESTALE);
      }
      throw e;
    }
    acl.forget(node);
    opened(node, info);
    return 0;
  }

  int open(long path, long info) throws ErrnoException {
    if (!(paths.node(path) instanceof FileNode file)) {
      throw ErrnoException.of(Errno.EISDIR);
    }
    fs.open(file, flags(info));
    opened(file, info);
    return 0;
  }

  private void opened(FileNode node, long info) {
    if (!linked.mayContain(node.ino())) {
      int bits = NativeMemory.getInt(info + FileInfoAt.BITS);
      NativeMemory.putInt(info + FileInfoAt.BITS, bits | FileInfoAt.KEEP_CACHE);
    }
    NativeMemory.putLong(info + FileInfoAt.FH, handles.open(node));
  }

  int read(long buffer, long size, long offset, long info) throws ErrnoException {
    return fs.read(file(info), buffer, (int) size, offset);
  }

  int write(long buffer, long size, long offset, long info) throws ErrnoException {
    FileNode file = file(info);
    long at = offset;
    if ((flags(info) & Linux.O_APPEND) != 0 && linked.mayContain(file.ino())) {
      // The kernel appends at the size that it knows, which misses writes through another name.
      Stat stat = RequestThread.scratchStat();
      fs.getattr(file, stat);
      at = stat.size;
    }
    return fs.write(file, buffer, (int) size, at);
  }

  int release(long info) throws ErrnoException {
    Node node = handle(info).node();
    handles.close(NativeMemory.getLong(info + FileInfoAt.FH));
    hidden.forget(node);
    return 0;
  }

  int fsync(int dataOnly, long info) throws ErrnoException {
    fs.fsync(handle(info).node(), dataOnly != 0);
    return 0;
  }

  int ftruncate(long size, long info) throws ErrnoException {
    fs.setattr(file(info), NameOperations.size(size), caller(library));
    return 0;
  }

  int fgetattr(long stat, long info) throws ErrnoException {
    return attributes.answer(handle(info).node(), stat);
  }

  int fallocate(int mode, long offset, long length, long info) throws ErrnoException {
    fs.fallocate(file(info), mode, offset, length);
    return 0;
  }

  int opendir(long path, long info) throws ErrnoException {
    if (!(paths.node(path) instanceof DirNode directory)) {
      throw ErrnoException.of(Errno.ENOTDIR);
    }
    NativeMemory.putLong(info + FileInfoAt.FH, handles.open(directory));
    return 0;
  }

  /**
   * Fills one buffer from {@code offset} on. Offsets are positions in a snapshot that stays with
   * the handle, so telldir(3) and seekdir(3) work, and nothing is skipped or repeated while entries
   * change; reading from the start again (rewinddir(3)) takes a new one. libfuse's other mode,
   * where a file system fills in everything at once, would keep a second copy of the whole
   * directory in native memory.
   */
  int readdir(long buffer, long filler, long offset, long info) throws ErrnoException {
    Handle handle = handle(info);
    Listing listing = handle.listing();
    if (listing == null || offset == 0) {
      if (!(handle.node() instanceof DirNode directory)) {
        throw ErrnoException.of(Errno.ENOTDIR);
      }
      listing = fs.list(directory);
      handle.listing(listing);
    }
    FillDir fill = fillDir(filler);
    long stat = Scratch.get().address();
    long name = stat + StatAt.SIZE;
    NativeMemory.zero(stat, StatAt.SIZE);
    for (int i = (int) Math.min(offset, listing.size()); i < listing.size(); i++) {
      NativeMemory.putLong(stat + StatAt.INO, listing.ino(i));
      NativeMemory.putInt(stat + StatAt.MODE, listing.type(i) << DT_SHIFT);
      listing.name(i).copyTo(name);
      if (fill.call(buffer, name, stat, i + 1L) != 0) {
        break;
      }
    }
    return 0;
  }

  private FillDir fillDir(long address) {
    FillDir known = fillDir;
    if (known == null) {
      known = LibFuse2.callable(FillDir.class, address);
      fillDir = known;
    }
    return known;
  }

  int releasedir(long info) {
    handles.close(NativeMemory.getLong(info + FileInfoAt.FH));
    return 0;
  }

  private FileNode file(long info) throws ErrnoException {
    if (handle(info).node() instanceof FileNode file) {
      return file;
    }
    throw ErrnoException.of(Errno.EBADF);
  }

  /** The handle that the kernel named. */
  Handle handle(long info) throws ErrnoException {
    return handles.get(NativeMemory.getLong(info + FileInfoAt.FH));
  }

  private static int flags(long info) {
    return NativeMemory.getInt(info + FileInfoAt.FLAGS);
  }
}
