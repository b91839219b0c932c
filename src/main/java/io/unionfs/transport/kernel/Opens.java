package io.unionfs.transport.kernel;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.unionfs.core.FileNode;
import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FuseDevice;
import io.unionfs.sys.SharedFd;
import io.unionfs.transport.kernel.codec.Reply;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * The kernel refuses to mix cached and passthrough opens of one inode, and a backing file must never
 * change under an inode that has opens. So the first open of an inode decides for all that come
 * before its last close: a backing file if the content is the upper's (or the union has no upper),
 * else the cache. A file that is copied up while it is open stays cached until nobody has it open; a
 * lower file of a writable union never gets a backing file, so no write can reach it.
 *
 * The kernel ends an inode's mode before it sends the RELEASE, so an open that overtakes a RELEASE
 * finds the old mode here, which is as good.
 */
/** The open files of a connection that has OPEN, and their backing files. */
final class Opens {
  private static final Logger LOG = LoggerFactory.getLogger(Opens.class);

  private record Handle(Opened opened, boolean writes) {}

  /** How one inode is open. */
  private static final class Opened {
    final FileNode file;
    final int backingId;
    int count;
    int writers;

    Opened(FileNode file, int backingId) {
      this.file = file;
      this.backingId = backingId;
    }
  }

  private final UnionFileSystem fs;
  private final FuseDevice device;
  private final int cachedFlags;

  /* Off as soon as the kernel refuses a backing file for a reason that will stay. */
  private volatile boolean passthrough;
  private volatile @Nullable String refusal;

  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final Map<FileNode, Opened> byFile = new HashMap<>();

  @GuardedBy("lock")
  private final Map<Long, Handle> byHandle = new HashMap<>();

  @GuardedBy("lock")
  private long lastHandle;

  /* Those whose backing file somebody may write to, by write(2) or through a mapping. */
  private final Set<FileNode> written = ConcurrentHashMap.newKeySet();

  Opens(UnionFileSystem fs, FuseDevice device, Negotiation agreed) {
    this.fs = fs;
    this.device = device;
    this.passthrough = agreed.passthrough();
    this.cachedFlags = agreed.timeouts().isZero() ? 0 : Reply.FOPEN_KEEP_CACHE;
  }

  /**
   * Opens a file once more, and appends {@code fuse_open_out}.
   *
   * @param writes whether it can be written to by what is opened
   * @return whether from now on the file changes without the kernel's knowledge of its attributes
   */
  boolean open(Reply reply, FileNode file, boolean writes) {
    lock.lock();
    try {
      Opened opened = byFile.get(file);
      if (opened == null) {
        opened = new Opened(file, passthrough ? openBacking(file) : 0);
        byFile.put(file, opened);
      }
      opened.count++;
      long handle = ++lastHandle;
      byHandle.put(handle, new Handle(opened, writes));
      fs.retain(file);
      boolean passes = opened.backingId != 0;
      reply.open(handle, passes ? Reply.FOPEN_PASSTHROUGH : cachedFlags, opened.backingId);
      if (!writes || !passes) {
        return false;
      }
      opened.writers++;
      return written.add(file);
    } finally {
      lock.unlock();
    }
  }

  /* The number of a backing file, or 0 where the file is to be cached. */
  private int openBacking(FileNode file) {
    SharedFd fd;
    try {
      fd = fs.pinBacking(file);
    } catch (ErrnoException e) {
      LOG.debug("{} is cached: {}", file, e.getMessage());
      return 0; // the first read or write meets the error again, and reports it
    }
    if (fd == null) {
      return 0;
    }
    int backingId;
    try {
      backingId = device.openBacking(fd.fd());
    } finally {
      fd.unpin();
    }
    if (backingId > 0) {
      return backingId;
    }
    if (-backingId != Errno.ENFILE && -backingId != Errno.ENOMEM) {
      passthrough = false;
      refusal = Errno.message(-backingId);
      LOG.warn("passthrough is refused, files are cached from here on: {}", refusal);
    }
    return 0;
  }

  /**
   * Whether a file may be written to without the server: a mapping changes the times of its backing
   * file, and the kernel does not ask for them while it thinks that it knows them.
   */
  boolean changesUnseen(Node node) {
    return !written.isEmpty() && node instanceof FileNode file && written.contains(file);
  }

  /**
   * Closes a handle that {@link #open} gave out.
   *
   * @return whether it was the last one that could write to the backing file
   */
  boolean release(long handle) {
    Opened opened;
    int unused = 0;
    boolean wasWritten = false;
    lock.lock();
    try {
      Handle closed = byHandle.remove(handle);
      if (closed == null) {
        return false;
      }
      opened = closed.opened();
      if (closed.writes() && opened.backingId != 0) {
        opened.writers--;
        wasWritten = opened.writers == 0 && written.remove(opened.file);
      }
      opened.count--;
      if (opened.count == 0) {
        byFile.remove(opened.file);
        unused = opened.backingId;
      }
    } finally {
      lock.unlock();
    }
    if (unused != 0) {
      closeBacking(unused);
    }
    fs.release(opened.file, 1);
    return wasWritten;
  }

  private void closeBacking(int backingId) {
    int errno = device.closeBacking(backingId);
    if (errno != 0 && errno != Errno.ENODEV && errno != Errno.EPERM) {
      LOG.warn("backing file {} cannot be closed: {}", backingId, Errno.message(errno));
    }
  }

  /** Whether files may get a backing file. */
  boolean passes() {
    return passthrough;
  }

  /** Why files are cached although passthrough was agreed on; null while they pass through. */
  @Nullable String refusal() {
    return refusal;
  }

  /** Gives up all handles: the connection has ended. */
  void clear() {
    Map<Long, Handle> all;
    lock.lock();
    try {
      all = new HashMap<>(byHandle);
      byHandle.clear();
      byFile.clear();
      written.clear();
    } finally {
      lock.unlock();
    }
    for (Handle handle : all.values()) {
      fs.release(handle.opened().file, 1);
    }
  }
}
