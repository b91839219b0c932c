package io.unionfs.core;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/*
 * A process that dies makes no further call, and the kernel closes its descriptors, which gives up its
 * locks. What it wrote stays with the kernel, so fsync(2) makes no difference to what is seen here,
 * and is left out.
 */
/** The system calls of a process that dies after some number of those that change something. */
class CrashingSys extends Sys implements AutoCloseable {
  /** The death of the process. */
  static final class Crash extends Error {
    private static final long serialVersionUID = 1;

    Crash(String call) {
      super("the process died before " + call);
    }
  }

  private final AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);
  private final List<String> calls = new ArrayList<>();
  private final Set<Integer> descriptors = ConcurrentHashMap.newKeySet();
  private final boolean renamesToWhiteout;
  private volatile boolean dead;

  CrashingSys() {
    this(true);
  }

  /**
   * @param renamesToWhiteout whether the host has {@code RENAME_WHITEOUT}
   */
  CrashingSys(boolean renamesToWhiteout) {
    this.renamesToWhiteout = renamesToWhiteout;
  }

  /** Lets so many calls that change something succeed from here on, and forgets those made. */
  void dieAfter(int number) {
    calls.clear();
    left.set(number);
  }

  /** The calls that changed something since {@link #dieAfter}. */
  List<String> calls() {
    return List.copyOf(calls);
  }

  boolean isDead() {
    return dead;
  }

  /** What the kernel does when a process has ended. */
  @Override
  public void close() {
    dead = true;
    for (int fd : descriptors) {
      super.close(fd);
    }
    descriptors.clear();
  }

  private void alive(String call) {
    if (dead) {
      throw new Crash(call);
    }
  }

  private void modify(String call) {
    alive(call);
    if (left.getAndDecrement() <= 0) {
      dead = true;
      throw new Crash(call);
    }
    calls.add(call);
  }

  private int opened(int fd) {
    if (fd >= 0) {
      descriptors.add(fd);
    }
    return fd;
  }

  // ---- descriptors

  @Override
  public int tryOpenat(int dirFd, Name name, int flags, int mode) {
    boolean unnamed = (flags & Linux.O_TMPFILE) == Linux.O_TMPFILE;
    if (unnamed || (flags & (Linux.O_CREAT | Linux.O_TRUNC)) != 0) {
      modify("open " + name);
    } else {
      alive("open " + name);
    }
    return opened(super.tryOpenat(dirFd, name, flags, mode));
  }

  @Override
  public int tryOpenBeneath(int dirFd, byte[] path, int flags, int mode, long resolve) {
    alive("openat2");
    return opened(super.tryOpenBeneath(dirFd, path, flags, mode, resolve));
  }

  @Override
  public int openPath(byte[] path, int flags, int mode) throws ErrnoException {
    alive("open");
    return opened(super.openPath(path, flags, mode));
  }

  @Override
  public int openTree(int dirFd, byte[] path, int flags) throws ErrnoException {
    alive("open_tree");
    return opened(super.openTree(dirFd, path, flags));
  }

  @Override
  public int tryOpenByHandleAt(int mountFd, FileHandle handle, int flags) {
    alive("open_by_handle_at");
    return opened(super.tryOpenByHandleAt(mountFd, handle, flags));
  }

  @Override
  public int dup(int fd) throws ErrnoException {
    alive("dup");
    return opened(super.dup(fd));
  }

  @Override
  public void close(int fd) {
    if (!dead && descriptors.remove(fd)) {
      super.close(fd);
    }
  }

  // ---- what only looks

  @Override
  public int tryStatx(int dirFd, Name name, Stat out) {
    alive("statx");
    return super.tryStatx(dirFd, name, out);
  }

  @Override
  public void fstatx(int fd, Stat out) throws ErrnoException {
    alive("fstatx");
    super.fstatx(fd, out);
  }

  @Override
  public int pread(int fd, long address, int length, long offset) throws ErrnoException {
    alive("pread");
    return super.pread(fd, address, length, offset);
  }

  @Override
  public byte @Nullable [] getxattrat(int dirFd, Name name, Name xattr) throws ErrnoException {
    alive("getxattr");
    return super.getxattrat(dirFd, name, xattr);
  }

  @Override
  public byte[] listxattrat(int dirFd, Name name) throws ErrnoException {
    alive("listxattr");
    return super.listxattrat(dirFd, name);
  }

  // ---- names

  @Override
  public void symlinkat(byte[] target, int dirFd, Name name) throws ErrnoException {
    modify("symlink " + name);
    super.symlinkat(target, dirFd, name);
  }

  @Override
  public void mkdirat(int dirFd, Name name, int mode) throws ErrnoException {
    modify("mkdir " + name);
    super.mkdirat(dirFd, name, mode);
  }

  @Override
  public void mknodat(int dirFd, Name name, int mode, long rdev) throws ErrnoException {
    modify("mknod " + name);
    super.mknodat(dirFd, name, mode, rdev);
  }

  @Override
  public int tryUnlinkat(int dirFd, Name name, int flags) {
    modify("unlink " + name);
    return super.tryUnlinkat(dirFd, name, flags);
  }

  @Override
  public int tryRenameat2(int oldDir, Name oldName, int newDir, Name newName, int flags) {
    modify("rename " + oldName + " to " + newName + " flags " + flags);
    if (!renamesToWhiteout && (flags & Linux.RENAME_WHITEOUT) != 0) {
      return Errno.EINVAL;
    }
    return super.tryRenameat2(oldDir, oldName, newDir, newName, flags);
  }

  @Override
  public int tryLinkat(int oldDir, Name oldName, int newDir, Name newName) {
    modify("link " + oldName + " to " + newName);
    return super.tryLinkat(oldDir, oldName, newDir, newName);
  }

  @Override
  public void linkFd(int fd, int newDir, Name newName) throws ErrnoException {
    modify("link to " + newName);
    super.linkFd(fd, newDir, newName);
  }

  // ---- metadata

  @Override
  public void fchmodat(int dirFd, Name name, int mode) throws ErrnoException {
    modify("chmod " + name);
    super.fchmodat(dirFd, name, mode);
  }

  @Override
  public void fchmod(int fd, int mode) throws ErrnoException {
    modify("fchmod");
    super.fchmod(fd, mode);
  }

  @Override
  public void fchownat(int dirFd, Name name, int uid, int gid) throws ErrnoException {
    modify("chown " + name);
    super.fchownat(dirFd, name, uid, gid);
  }

  @Override
  public void fchown(int fd, int uid, int gid) throws ErrnoException {
    modify("fchown");
    super.fchown(fd, uid, gid);
  }

  @Override
  public void utimensat(int dirFd, Name name, long atime, int atimeNsec, long mtime, int mtimeNsec)
      throws ErrnoException {
    modify("utimens " + name);
    super.utimensat(dirFd, name, atime, atimeNsec, mtime, mtimeNsec);
  }

  @Override
  public void futimens(int fd, long atime, int atimeNsec, long mtime, int mtimeNsec)
      throws ErrnoException {
    modify("futimens");
    super.futimens(fd, atime, atimeNsec, mtime, mtimeNsec);
  }

  @Override
  public void setxattrat(int dirFd, Name name, Name xattr, byte[] value, int flags)
      throws ErrnoException {
    modify("setxattr " + name + " " + xattr);
    super.setxattrat(dirFd, name, xattr, value, flags);
  }

  @Override
  public void fsetxattr(int fd, Name xattr, byte[] value, int flags) throws ErrnoException {
    modify("fsetxattr " + xattr);
    super.fsetxattr(fd, xattr, value, flags);
  }

  @Override
  public void removexattrat(int dirFd, Name name, Name xattr) throws ErrnoException {
    modify("removexattr " + name + " " + xattr);
    super.removexattrat(dirFd, name, xattr);
  }

  @Override
  public void fremovexattr(int fd, Name xattr) throws ErrnoException {
    modify("fremovexattr " + xattr);
    super.fremovexattr(fd, xattr);
  }

  // ---- data

  @Override
  public int pwrite(int fd, long address, int length, long offset) throws ErrnoException {
    modify("pwrite");
    return super.pwrite(fd, address, length, offset);
  }

  @Override
  public void ftruncate(int fd, long size) throws ErrnoException {
    modify("ftruncate");
    super.ftruncate(fd, size);
  }

  @Override
  public void fallocate(int fd, int mode, long offset, long length) throws ErrnoException {
    modify("fallocate");
    super.fallocate(fd, mode, offset, length);
  }

  @Override
  public long tryCopyFileRange(int inFd, long inOffset, int outFd, long outOffset, long length) {
    modify("copy_file_range");
    return super.tryCopyFileRange(inFd, inOffset, outFd, outOffset, length);
  }

  @Override
  public int tryFiclone(int fromFd, int toFd) {
    modify("FICLONE");
    return super.tryFiclone(fromFd, toFd);
  }

  @Override
  public void fsync(int fd) {
    alive("fsync");
  }

  @Override
  public void syncFileRange(int fd, long offset, long length, boolean wait) {
    alive("sync_file_range");
  }
}
