package io.unionfs.offline;

import io.unionfs.layer.DefaultWork;
import io.unionfs.layer.InSpiteOfMode;
import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.TreeRemoval;
import io.unionfs.layer.UpperLayers;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * A tree is taken away by one rename(2) to WORK/work, and removed there: whenever that is interrupted, the
 * union has it whole or not at all, and the next mount sweeps what is left. Where no work dir is, the
 * default one is made and goes away again.
 */
/** The upper opened for writing, with a place to remove trees in. */
final class StagingDir implements AutoCloseable {
  private static final Name WORK = Name.of("work");

  private final Sys sys;
  private final UpperLayers opened;
  private final Deque<byte[]> made;
  private int counter;

  private StagingDir(Sys sys, UpperLayers opened, Deque<byte[]> made) {
    this.sys = sys;
    this.opened = opened;
    this.made = made;
  }

  /** The default work dir of an upper that has one. */
  static byte[] defaultOf(Sys sys, byte[] upper) {
    byte[] beside = DefaultWork.beside(upper);
    return beside != null && isDirectory(sys, beside) ? beside : DefaultWork.inside(upper);
  }

  private static boolean isDirectory(Sys sys, byte[] path) {
    try {
      Stat stat = new Stat();
      sys.statxPath(path, false, stat);
      return stat.isDirectory();
    } catch (ErrnoException e) {
      return false;
    }
  }

  /**
   * Opens both.
   *
   * @param upper absolute, without links
   * @param work likewise; null to make one
   */
  static StagingDir open(Sys sys, byte[] upper, byte @Nullable [] work) throws ErrnoException {
    Deque<byte[]> made = new ArrayDeque<>();
    boolean done = false;
    try {
      byte[] path = work == null ? make(sys, upper, made) : work;
      byte[] inner = Name.of(path).concat(Name.of("/work")).bytes();
      if (makeDirectory(sys, inner)) {
        made.push(inner);
      }
      StagingDir staging = new StagingDir(sys, UpperLayers.open(sys, upper, path), made);
      done = true;
      return staging;
    } finally {
      if (!done) {
        remove(sys, made);
      }
    }
  }

  private static byte[] make(Sys sys, byte[] upper, Deque<byte[]> made) throws ErrnoException {
    byte[] beside = DefaultWork.beside(upper);
    if (beside != null && isSameMount(sys, DefaultWork.parent(upper), upper)) {
      try {
        makeDirectory(sys, beside);
        made.push(beside);
        return beside;
      } catch (ErrnoException e) {
        if (e.errno() != Errno.EACCES && e.errno() != Errno.EPERM && e.errno() != Errno.EROFS) {
          throw e;
        }
      }
    }
    byte[] inside = DefaultWork.inside(upper);
    makeDirectory(sys, inside);
    made.push(inside);
    return inside;
  }

  private static boolean isSameMount(Sys sys, byte[] one, byte[] other) throws ErrnoException {
    Stat left = new Stat();
    Stat right = new Stat();
    sys.statxPath(one, true, left);
    sys.statxPath(other, true, right);
    return left.mntId == right.mntId && left.dev == right.dev;
  }

  /* Whether it was missing. */
  private static boolean makeDirectory(Sys sys, byte[] path) throws ErrnoException {
    try {
      sys.mkdirat(Linux.AT_FDCWD, Name.of(path), 0700);
      return true;
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EEXIST) {
        return false;
      }
      throw e;
    }
  }

  private static void remove(Sys sys, Deque<byte[]> made) throws ErrnoException {
    while (!made.isEmpty()) {
      int errno = sys.tryUnlinkat(Linux.AT_FDCWD, Name.of(made.pop()), Linux.AT_REMOVEDIR);
      if (errno != 0 && errno != Errno.ENOENT && errno != Errno.ENOTEMPTY) {
        throw ErrnoException.of(errno);
      }
    }
  }

  Layer upper() {
    return opened.upper();
  }

  Layer work() {
    return opened.work();
  }

  LayerDir workDir() {
    return work().root().child(WORK);
  }

  /** The upper's directory at a path that is known to be one. */
  LayerDir directory(List<Name> path) {
    LayerDir dir = upper().root();
    for (Name name : path) {
      dir = dir.child(name);
    }
    return dir;
  }

  /** Takes an object out of the upper in one step, and then removes it. */
  void take(LayerDir parent, Name name) throws ErrnoException {
    Name staged = Name.of("#discard-" + Long.toHexString(OwnProcess.getpid()) + "-" + counter++);
    LayerDir work = workDir();
    InSpiteOfMode.runIn(
        parent,
        () -> {
          SharedFd from = parent.pin();
          try {
            SharedFd to = work.pin();
            try {
              rename(from.fd(), name, to.fd(), staged);
            } finally {
              to.unpin();
            }
          } finally {
            from.unpin();
          }
          return name;
        });
    TreeRemoval.remove(work, staged);
  }

  private void rename(int from, Name name, int to, Name staged) throws ErrnoException {
    InSpiteOfMode.moving(
        sys,
        from,
        name,
        () -> {
          int errno = sys.tryRenameat2(from, name, to, staged, Linux.RENAME_NOREPLACE);
          if (errno != 0) {
            throw ErrnoException.of(errno);
          }
        });
  }

  /** Removes an entry that is a mark. */
  void unlink(LayerDir parent, Name name) throws ErrnoException {
    InSpiteOfMode.runIn(
        parent,
        () -> {
          SharedFd fd = parent.pin();
          try {
            sys.unlinkat(fd.fd(), name, 0);
          } finally {
            fd.unpin();
          }
          return name;
        });
  }

  @Override
  public void close() throws ErrnoException {
    opened.upper().close();
    opened.work().close();
    remove(sys, made);
  }
}
