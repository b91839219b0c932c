package io.unionfs.image.file;

import io.unionfs.layer.InheritedAcls;
import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.TreeRemoval;
import io.unionfs.sys.Dirents;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * It is made beside its place under a name that begins with a dot, so that the last step is one
 * rename(2), and a lock on it says that somebody is still at work: what a killed program left behind is
 * told from it by that.
 */
/** A directory that is filled in private and becomes visible when it is complete. */
public final class StagedDirectory implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StagedDirectory.class);
  private static final String PREFIX = ".unionfs-new-";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Sys sys;
  private final byte[] target;
  private final Fd parent;
  private final Name finalName;
  private final Name name;
  private final Fd lock;
  private final Layer layer;
  private boolean published;

  private StagedDirectory(
      Sys sys, byte[] target, Fd parent, Name finalName, Name name, Fd lock, Layer layer) {
    this.sys = sys;
    this.target = target;
    this.parent = parent;
    this.finalName = finalName;
    this.name = name;
    this.lock = lock;
    this.layer = layer;
  }

  /**
   * Makes an empty directory beside a place that is free or an empty directory.
   *
   * @throws IOException with a message for the user
   */
  public static StagedDirectory beside(Sys sys, byte[] target) throws IOException {
    Directories.Split split = Directories.split(target);
    Fd parent = Directories.open(sys, split.parent());
    try (Fd held = parent) {
      return in(sys, new Fd(sys, held.take()), split.name(), target);
    }
  }

  /**
   * The same in a directory that is open.
   *
   * @param parent its descriptor, taken over
   * @param target the path for messages
   */
  public static StagedDirectory in(Sys sys, Fd parent, Name finalName, byte[] target)
      throws IOException {
    try {
      requireFree(sys, parent.raw(), finalName, target);
      while (true) {
        Name name = Name.of(PREFIX + Long.toHexString(RANDOM.nextLong()));
        sys.mkdirat(parent.raw(), name, 0700);
        Fd lock = tryLock(sys, parent.raw(), name);
        if (lock != null) {
          try (Fd held = lock) {
            withoutInherited(sys, held.raw());
            int root = sys.openat(parent.raw(), name, Linux.O_PATH | Linux.O_DIRECTORY, 0);
            Layer layer = Layer.inTheMaking(sys, target, root);
            Fd owned = new Fd(sys, held.take());
            return new StagedDirectory(sys, target, parent, finalName, name, owned, layer);
          }
        }
      }
    } catch (ErrnoException e) {
      parent.close();
      throw Directories.failed(target, e);
    } catch (IOException e) {
      parent.close();
      throw e;
    }
  }

  /* Null where somebody who sweeps came between. */
  private static @Nullable Fd tryLock(Sys sys, int parentFd, Name name) throws ErrnoException {
    int fd = sys.tryOpenat(parentFd, name, Linux.O_RDONLY | Linux.O_DIRECTORY, 0);
    if (fd == -Errno.ENOENT) {
      return null;
    }
    if (fd < 0) {
      throw ErrnoException.of(-fd);
    }
    try (Fd lock = new Fd(sys, fd)) {
      Stat stat = new Stat();
      boolean ours = sys.tryFlock(fd, Linux.LOCK_EX | Linux.LOCK_NB) == 0;
      sys.fstatx(fd, stat);
      return ours && stat.nlink > 0 ? new Fd(sys, lock.take()) : null;
    }
  }

  private static void requireFree(Sys sys, int parentFd, Name name, byte[] target)
      throws IOException, ErrnoException {
    Stat stat = new Stat();
    int errno = sys.tryStatx(parentFd, name, stat);
    if (errno != 0 && errno != Errno.ENOENT) {
      throw ErrnoException.of(errno);
    }
    if (errno == 0 && !(stat.isDirectory() && Directories.isEmpty(sys, parentFd, name))) {
      throw occupied(target);
    }
  }

  private static IOException occupied(byte[] target) {
    return new IOException(
        Name.of(target) + ": it exists and is no empty directory; remove it or give another one");
  }

  /* A default ACL of the place above would be handed down to everything that is made here. */
  private static void withoutInherited(Sys sys, int fd) throws ErrnoException {
    InheritedAcls.remove(sys, fd, Name.DOT);
    sys.fchmod(fd, 0700);
  }

  /** The directory as a layer that is being made. */
  public Layer layer() {
    return layer;
  }

  /** A path by which the directory can be opened before it has its place. */
  public byte[] path() {
    return Name.of("/proc/self/fd/" + lock.raw()).bytes();
  }

  /** A descriptor of the directory, open for reading. */
  public int fd() {
    return lock.raw();
  }

  /**
   * Gives it a name beside it; false if there is something by now.
   *
   * @throws IOException with a message for the user
   */
  public boolean tryPublish(Name as) throws IOException {
    int errno = sys.tryRenameat2(parent.raw(), name, parent.raw(), as, 0);
    if (errno == 0) {
      published = true;
      return true;
    }
    if (errno == Errno.ENOTEMPTY || errno == Errno.EEXIST || errno == Errno.ENOTDIR) {
      return false;
    }
    throw Directories.failed(target, ErrnoException.of(errno));
  }

  /** Gives it its place, which must be free. */
  public void publish() throws IOException {
    if (!tryPublish(finalName)) {
      throw occupied(target);
    }
  }

  /** Takes the place back, for what belongs together and failed later. */
  public void withdraw() {
    if (published && sys.tryRenameat2(parent.raw(), finalName, parent.raw(), name, 0) == 0) {
      published = false;
    }
  }

  /** Removes what killed programs left in a directory. */
  public static void sweep(Sys sys, Layer directory) throws ErrnoException {
    List<Name> found = new ArrayList<>();
    try (Fd fd = new Fd(sys, directory.root().openSelf());
        Dirents entries = Dirents.open(sys, fd.raw())) {
      while (entries.next()) {
        if (entries.name().startsWith(Name.of(PREFIX))) {
          found.add(entries.name());
        }
      }
    }
    SharedFd parent = directory.root().pin();
    try {
      for (Name each : found) {
        Fd lock = tryLock(sys, parent.fd(), each);
        if (lock != null) {
          try (lock) {
            TreeRemoval.remove(directory.root(), each);
            log.debug("{}/{}: a killed program left it; removed", directory, each);
          }
        }
      }
    } finally {
      parent.unpin();
    }
  }

  /* Directories that are complete may have modes that keep their owner from emptying them. */
  private void loosen(LayerDir dir) throws ErrnoException {
    if (OwnProcess.geteuid() == 0) {
      return;
    }
    SharedFd pinned = dir.pin();
    try {
      sys.fchmod(pinned.fd(), 0700);
    } finally {
      pinned.unpin();
    }
    for (Name each : subdirectories(dir)) {
      loosen(dir.child(each));
    }
  }

  private List<Name> subdirectories(LayerDir dir) throws ErrnoException {
    List<Name> found = new ArrayList<>();
    try (Fd fd = new Fd(sys, dir.openSelf());
        Dirents entries = Dirents.open(sys, fd.raw())) {
      while (entries.next()) {
        if (entries.type() == Linux.DT_DIR && !entries.isDotOrDotDot()) {
          found.add(entries.name());
        }
      }
    }
    return found;
  }

  /** Removes the directory unless it was published. */
  @Override
  public void close() throws IOException {
    try {
      if (!published) {
        loosen(layer.root());
        TreeRemoval.clear(layer.root());
        sys.unlinkat(parent.raw(), name, Linux.AT_REMOVEDIR);
      }
    } catch (ErrnoException e) {
      throw new IOException(
          Name.of(target) + ": what was unpacked could not be removed: " + Errno.message(e.errno()),
          e);
    } finally {
      layer.close();
      lock.close();
      parent.close();
    }
  }
}
