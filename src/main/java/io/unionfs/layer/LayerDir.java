package io.unionfs.layer;

import io.unionfs.sys.Dirents;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/*
 * A directory knows its parent and its name, not its path: a path may be longer than PATH_MAX, and
 * its parents may move. The descriptor is opened when it is first wanted, one component after the
 * other from the nearest ancestor that has one, and may be closed again by DirDescriptors when
 * nobody has it pinned.
 */
/** A directory of one layer. */
public final class LayerDir {
  private static final int IFMT_SHIFT = 12;

  private final Layer layer;

  /* Change together, under the write side of the layer's path lock; null and "." for the root. */
  private volatile @Nullable LayerDir parent;
  private volatile Name name;

  /* Publishes the descriptor; cleared by DirDescriptors before it is retired. */
  private volatile @Nullable SharedFd fd;

  private final boolean covered;

  /* Set at each use, cleared by the eviction clock; a lost update costs one early eviction. */
  private boolean used;

  LayerDir(Layer layer, int rootFd) {
    this.layer = layer;
    this.parent = null;
    this.name = Name.DOT;
    this.covered = false;
    this.fd = new SharedFd(layer.sys(), rootFd);
  }

  private LayerDir(LayerDir parent, Name name, boolean covered) {
    this.layer = parent.layer;
    this.parent = parent;
    this.name = name;
    this.covered = covered;
  }

  /** A directory below this one; whether it exists shows when it is used. */
  public LayerDir child(Name childName) {
    return new LayerDir(this, childName, false);
  }

  /** A directory below this one that {@code stat} was found for. */
  public LayerDir child(Name childName, Stat stat) {
    return new LayerDir(this, childName, layer.covered(stat));
  }

  /**
   * Whether something is mounted on this directory and the layer has no clone of its mount: to the
   * layer it is an empty directory.
   */
  public boolean covered() {
    return covered;
  }

  public Layer layer() {
    return layer;
  }

  public boolean isRoot() {
    return parent == null;
  }

  /** The directory's name in its parent, "." for the root. */
  public Name name() {
    return name;
  }

  /** The directory above, null for the layer's root. */
  public @Nullable LayerDir parent() {
    return parent;
  }

  /**
   * Pins the directory's descriptor, for looking up names alone; the caller unpins it.
   *
   * @throws ErrnoException {@code ESTALE} if the directory is no longer there, {@code EMFILE},
   *     {@code EACCES}
   */
  public SharedFd pin() throws ErrnoException {
    SharedFd present = fd;
    if (present != null && present.tryPin()) {
      used = true;
      return present;
    }
    return openAndPin();
  }

  private SharedFd openAndPin() throws ErrnoException {
    Lock reading = layer.paths().readLock();
    reading.lock();
    try {
      while (true) {
        SharedFd present = fd;
        if (present != null && present.tryPin()) {
          return present;
        }
        SharedFd opened = new SharedFd(layer.sys(), open());
        pinNew(opened);
        if (layer.descriptors().install(this, present, opened)) {
          used = true;
          return opened;
        }
        opened.unpin();
        opened.retire();
      }
    } finally {
      reading.unlock();
    }
  }

  private int open() throws ErrnoException {
    ArrayDeque<LayerDir> missing = new ArrayDeque<>();
    LayerDir at = this;
    SharedFd start;
    while (true) {
      missing.push(at);
      LayerDir above = at.parent;
      if (above == null) {
        throw ErrnoException.of(Errno.ESTALE);
      }
      SharedFd candidate = above.fd;
      if (candidate != null && candidate.tryPin()) {
        start = candidate;
        break;
      }
      at = above;
    }
    int current = start.fd();
    boolean owned = false;
    try {
      while (!missing.isEmpty()) {
        int next = layer.tryOpen(current, missing.pop().name, Linux.O_PATH | Linux.O_DIRECTORY, 0);
        if (owned) {
          layer.sys().close(current);
          owned = false;
        }
        if (next < 0) {
          int errno = -next;
          boolean gone =
              errno == Errno.ENOENT
                  || errno == Errno.ENOTDIR
                  || errno == Errno.ELOOP
                  || errno == Errno.EXDEV;
          throw ErrnoException.of(gone ? Errno.ESTALE : errno);
        }
        current = next;
        owned = true;
      }
      owned = false;
      return current;
    } finally {
      if (owned) {
        layer.sys().close(current);
      }
      start.unpin();
    }
  }

  /** 0 or the errno of statx(2) of a name in this directory, no link followed. */
  public int tryStat(Name child, Stat out) throws ErrnoException {
    if (covered) {
      return Errno.ENOENT;
    }
    SharedFd pinned = pin();
    try {
      return layer.tryStat(pinned.fd(), child, out);
    } finally {
      pinned.unpin();
    }
  }

  /**
   * The type that a listing shows of an entry for which the host's listing says {@code type}: the
   * layer may keep fifos, sockets and devices as regular files.
   */
  public int shownType(Name child, int type, Stat scratch) throws ErrnoException {
    boolean own = type != Linux.DT_REG || layer.ownerOverride() == null;
    return own || tryStat(child, scratch) != 0 ? type : scratch.type() >> IFMT_SHIFT;
  }

  /** The attributes of this directory itself. */
  public void stat(Stat out) throws ErrnoException {
    LayerDir above = parent;
    if (covered && above != null) {
      int errno = above.tryStat(name, out);
      if (errno != 0) {
        throw ErrnoException.of(errno);
      }
      return;
    }
    SharedFd pinned = pin();
    try {
      layer.sys().fstatx(pinned.fd(), out);
      OwnerOverride override = layer.ownerOverride();
      if (override != null) {
        override.apply(pinned.fd(), Name.DOT, out);
      }
    } finally {
      pinned.unpin();
    }
  }

  /**
   * Opens a regular file or directory of this directory for reading; the caller closes it. Only
   * nodes known to be one of these may be opened: a fifo or device is never meant.
   */
  public int openForRead(Name child, int flags) throws ErrnoException {
    SharedFd pinned = pin();
    try {
      return layer.openForRead(pinned.fd(), child, flags);
    } finally {
      pinned.unpin();
    }
  }

  /**
   * Lists it: all names, those of marks too, in the order in which the file system gives them.
   *
   * @throws ErrnoException the errno of open(2) or getdents64(2); ESTALE if it is gone
   */
  public List<Name> names() throws ErrnoException {
    List<Name> names = new ArrayList<>();
    try (Fd listing = new Fd(layer.sys(), openSelf());
        Dirents entries = Dirents.open(layer.sys(), listing.raw())) {
      while (entries.next()) {
        if (!entries.isDotOrDotDot()) {
          names.add(entries.name());
        }
      }
    }
    return names;
  }

  /**
   * Begins to read this directory of a lower layer. Where it is not open yet, one open(2) serves
   * both this and the names that are looked up in it from then on.
   *
   * @throws ErrnoException the errno of open(2); ESTALE if it is gone
   */
  public DirReading read() throws ErrnoException {
    SharedFd kept = fd == null ? tryOpenToKeep() : null;
    if (kept != null) {
      return new DirReading(layer.sys(), kept);
    }
    SharedFd own = new SharedFd(layer.sys(), openSelf());
    pinNew(own);
    own.retire();
    return new DirReading(layer.sys(), own);
  }

  /* Pinned; null where that takes another way, which then tells the error as well. */
  private @Nullable SharedFd tryOpenToKeep() throws ErrnoException {
    LayerDir above = parent;
    if (above == null || layer.writable()) {
      return null; // names of a writable layer may be renamed meanwhile
    }
    SharedFd from = above.pin();
    int opened;
    try {
      opened = layer.tryOpenQuietly(from.fd(), name, Linux.O_RDONLY | Linux.O_DIRECTORY);
    } finally {
      from.unpin();
    }
    if (opened < 0) {
      return null;
    }
    SharedFd kept = new SharedFd(layer.sys(), opened);
    pinNew(kept);
    if (!layer.descriptors().install(this, null, kept)) {
      kept.retire(); // somebody was first
    }
    used = true;
    return kept;
  }

  private static void pinNew(SharedFd opened) {
    if (!opened.tryPin()) {
      throw new IllegalStateException("a new descriptor cannot be pinned");
    }
  }

  /** Opens this directory for getdents64(2) or fsync(2); the caller closes it. */
  public int openSelf() throws ErrnoException {
    SharedFd pinned = pin();
    try {
      return layer.openForRead(pinned.fd(), Name.DOT, Linux.O_DIRECTORY);
    } catch (ErrnoException e) {
      LayerDir above = parent;
      if (e.errno() != Errno.EACCES || above == null || !layer.writable()) {
        throw e;
      }
      return openInSpiteOfMode(above);
    } finally {
      pinned.unpin();
    }
  }

  private int openInSpiteOfMode(LayerDir above) throws ErrnoException {
    SharedFd from = above.pin();
    try {
      return InSpiteOfMode.run(
          layer.sys(),
          from.fd(),
          name,
          () -> layer.openForRead(from.fd(), name, Linux.O_DIRECTORY));
    } finally {
      from.unpin();
    }
  }

  /**
   * Opens a file of a writable layer; the caller closes it.
   *
   * @throws ErrnoException {@code EROFS} in a lower layer, where nothing is ever opened for writing
   */
  public int openForWrite(Name child, int flags) throws ErrnoException {
    if (!layer.writable()) {
      throw ErrnoException.of(Errno.EROFS);
    }
    SharedFd pinned = pin();
    try {
      return layer.openQuietly(pinned.fd(), child, flags);
    } finally {
      pinned.unpin();
    }
  }

  /** Opens any object as {@code O_PATH}, without touching it; the caller closes it. */
  public int openPath(Name child) throws ErrnoException {
    SharedFd pinned = pin();
    try {
      return Layer.checked(layer.tryOpen(pinned.fd(), child, Linux.O_PATH, 0));
    } finally {
      pinned.unpin();
    }
  }

  public Sys sys() {
    return layer.sys();
  }

  /**
   * Renames a directory of a writable layer and moves its object along, so that nobody walks a path
   * that is half old and half new.
   *
   * @param moved the directory that is renamed, whose descriptor and descendants stay valid
   */
  public static void rename(
      LayerDir oldParent,
      Name oldName,
      LayerDir newParent,
      Name newName,
      int flags,
      @Nullable LayerDir moved,
      @Nullable LayerDir exchanged)
      throws ErrnoException {
    SharedFd from = oldParent.pin();
    try {
      SharedFd to = newParent.pin();
      try {
        Lock writing = oldParent.layer.paths().writeLock();
        writing.lock();
        try {
          oldParent.sys().renameat2(from.fd(), oldName, to.fd(), newName, flags);
          if (moved != null) {
            moved.parent = newParent;
            moved.name = newName;
          }
          if (exchanged != null) {
            exchanged.parent = oldParent;
            exchanged.name = oldName;
          }
        } finally {
          writing.unlock();
        }
      } finally {
        to.unpin();
      }
    } finally {
      from.unpin();
    }
  }

  /** Lets go of the descriptor of a directory that was removed: it would keep its inode alive. */
  public void forget() {
    layer.descriptors().forget(this);
  }

  /* For DirDescriptors, under its lock. */
  @Nullable SharedFd descriptor() {
    return fd;
  }

  void setDescriptor(@Nullable SharedFd descriptor) {
    fd = descriptor;
  }

  boolean takeUsed() {
    boolean was = used;
    used = false;
    return was;
  }

  void closeRoot() {
    SharedFd present = fd;
    if (present != null) {
      present.retire();
    }
  }

  /** The path below the layer's root, for messages. */
  @Override
  public String toString() {
    ArrayDeque<Name> names = new ArrayDeque<>();
    for (LayerDir at = this; at != null; at = at.parent) {
      if (at.parent != null) {
        names.push(at.name);
      }
    }
    StringBuilder text = new StringBuilder();
    for (Name part : names) {
      text.append(text.isEmpty() ? "" : "/").append(part);
    }
    return text.isEmpty() ? "." : text.toString();
  }
}
