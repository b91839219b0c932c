package io.unionfs.core;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.util.ArrayList;
import java.util.List;

/**
 * System calls of which one fails: one that makes a descriptor with {@code ENFILE}, one that
 * changes something as it is told.
 */
final class FailingSys extends Sys {
  private final int errno;
  private final List<String> calls = new ArrayList<>();
  private int failing = -1;

  FailingSys(int errno) {
    this.errno = errno;
  }

  /** Has one call fail of those from here on, the first being 0; -1 for none. */
  void failAt(int number) {
    calls.clear();
    failing = number;
  }

  /** Which call fails; -1 for none. */
  int failing() {
    return failing;
  }

  /** The calls that could have failed since {@link #failAt}. */
  List<String> calls() {
    return List.copyOf(calls);
  }

  private int change(String call) {
    return next(call, errno);
  }

  private int descriptor(String call) {
    return next(call, Errno.ENFILE);
  }

  private int next(String call, int failure) {
    calls.add(call);
    return calls.size() - 1 == failing ? failure : 0;
  }

  private static void check(int failure) throws ErrnoException {
    if (failure != 0) {
      throw ErrnoException.of(failure);
    }
  }

  @Override
  public int tryOpenat(int dirFd, Name name, int flags, int mode) {
    boolean changes = (flags & (Linux.O_CREAT | Linux.O_TRUNC)) != 0;
    int errno = changes ? change("open " + name) : descriptor("open " + name);
    return errno != 0 ? -errno : super.tryOpenat(dirFd, name, flags, mode);
  }

  @Override
  public int tryOpenBeneath(int dirFd, byte[] path, int flags, int mode, long resolve) {
    int errno = descriptor("openat2");
    return errno != 0 ? -errno : super.tryOpenBeneath(dirFd, path, flags, mode, resolve);
  }

  @Override
  public int openPath(byte[] path, int flags, int mode) throws ErrnoException {
    check(descriptor("open"));
    return super.openPath(path, flags, mode);
  }

  @Override
  public int openTree(int dirFd, byte[] path, int flags) throws ErrnoException {
    check(descriptor("open_tree"));
    return super.openTree(dirFd, path, flags);
  }

  @Override
  public int tryOpenByHandleAt(int mountFd, FileHandle handle, int flags) {
    int errno = descriptor("open_by_handle_at");
    return errno != 0 ? -errno : super.tryOpenByHandleAt(mountFd, handle, flags);
  }

  @Override
  public int dup(int fd) throws ErrnoException {
    check(descriptor("dup"));
    return super.dup(fd);
  }

  @Override
  public void symlinkat(byte[] target, int dirFd, Name name) throws ErrnoException {
    check(change("symlink " + name));
    super.symlinkat(target, dirFd, name);
  }

  @Override
  public void mkdirat(int dirFd, Name name, int mode) throws ErrnoException {
    check(change("mkdir " + name));
    super.mkdirat(dirFd, name, mode);
  }

  @Override
  public void mknodat(int dirFd, Name name, int mode, long rdev) throws ErrnoException {
    check(change("mknod " + name));
    super.mknodat(dirFd, name, mode, rdev);
  }

  @Override
  public int tryUnlinkat(int dirFd, Name name, int flags) {
    int errno = change("unlink " + name);
    return errno != 0 ? errno : super.tryUnlinkat(dirFd, name, flags);
  }

  @Override
  public int tryRenameat2(int oldDir, Name oldName, int newDir, Name newName, int flags) {
    int errno = change("rename " + oldName + " to " + newName + " flags " + flags);
    return errno != 0 ? errno : super.tryRenameat2(oldDir, oldName, newDir, newName, flags);
  }

  @Override
  public int tryLinkat(int oldDir, Name oldName, int newDir, Name newName) {
    int errno = change("link " + oldName + " to " + newName);
    return errno != 0 ? errno : super.tryLinkat(oldDir, oldName, newDir, newName);
  }

  @Override
  public void linkFd(int fd, int newDir, Name newName) throws ErrnoException {
    check(change("link to " + newName));
    super.linkFd(fd, newDir, newName);
  }

  @Override
  public void fchmodat(int dirFd, Name name, int mode) throws ErrnoException {
    check(change("chmod " + name));
    super.fchmodat(dirFd, name, mode);
  }

  @Override
  public void fchmod(int fd, int mode) throws ErrnoException {
    check(change("fchmod"));
    super.fchmod(fd, mode);
  }

  @Override
  public void fchownat(int dirFd, Name name, int uid, int gid) throws ErrnoException {
    check(change("chown " + name));
    super.fchownat(dirFd, name, uid, gid);
  }

  @Override
  public void fchown(int fd, int uid, int gid) throws ErrnoException {
    check(change("fchown"));
    super.fchown(fd, uid, gid);
  }

  @Override
  public void utimensat(int dirFd, Name name, long atime, int atimeNsec, long mtime, int mtimeNsec)
      throws ErrnoException {
    check(change("utimens " + name));
    super.utimensat(dirFd, name, atime, atimeNsec, mtime, mtimeNsec);
  }

  @Override
  public void futimens(int fd, long atime, int atimeNsec, long mtime, int mtimeNsec)
      throws ErrnoException {
    check(change("futimens"));
    super.futimens(fd, atime, atimeNsec, mtime, mtimeNsec);
  }

  @Override
  public void setxattrat(int dirFd, Name name, Name xattr, byte[] value, int flags)
      throws ErrnoException {
    check(change("setxattr " + name + " " + xattr));
    super.setxattrat(dirFd, name, xattr, value, flags);
  }

  @Override
  public void fsetxattr(int fd, Name xattr, byte[] value, int flags) throws ErrnoException {
    check(change("fsetxattr " + xattr));
    super.fsetxattr(fd, xattr, value, flags);
  }

  @Override
  public void removexattrat(int dirFd, Name name, Name xattr) throws ErrnoException {
    check(change("removexattr " + name + " " + xattr));
    super.removexattrat(dirFd, name, xattr);
  }

  @Override
  public void fremovexattr(int fd, Name xattr) throws ErrnoException {
    check(change("fremovexattr " + xattr));
    super.fremovexattr(fd, xattr);
  }

  @Override
  public int pwrite(int fd, long address, int length, long offset) throws ErrnoException {
    check(change("pwrite"));
    return super.pwrite(fd, address, length, offset);
  }

  @Override
  public void ftruncate(int fd, long size) throws ErrnoException {
    check(change("ftruncate"));
    super.ftruncate(fd, size);
  }

  @Override
  public void fallocate(int fd, int mode, long offset, long length) throws ErrnoException {
    check(change("fallocate"));
    super.fallocate(fd, mode, offset, length);
  }

  @Override
  public long tryCopyFileRange(int inFd, long inOffset, int outFd, long outOffset, long length) {
    int errno = change("copy_file_range");
    return errno != 0 ? -errno : super.tryCopyFileRange(inFd, inOffset, outFd, outOffset, length);
  }

  @Override
  public int tryFiclone(int fromFd, int toFd) {
    int errno = change("FICLONE");
    return errno != 0 ? errno : super.tryFiclone(fromFd, toFd);
  }

  @Override
  public void fsync(int fd) throws ErrnoException {
    check(change("fsync"));
    super.fsync(fd);
  }

  @Override
  public void syncFileRange(int fd, long offset, long length, boolean wait) throws ErrnoException {
    check(change("syncFileRange"));
    super.syncFileRange(fd, offset, length, wait);
  }
}
