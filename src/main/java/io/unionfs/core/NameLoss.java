package io.unionfs.core;

import io.unionfs.core.FileNode.Link;
import io.unionfs.core.FileNode.Placement;
import io.unionfs.layer.LayerDir;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Sys;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * As unlink(2) does: who has the file open keeps it. A lower file that is under the name then is a node of
 * its own, although it was one with this until now.
 */
/** What becomes of nodes whose objects are taken out of the upper. */
final class NameLoss {
  private static final Logger log = LoggerFactory.getLogger(NameLoss.class);

  private final UnionState union;
  private final Sys sys;
  private final OpenFiles openFiles;
  private final Removal removal;
  private final OriginNumbers numbers;

  NameLoss(UnionState union, OpenFiles openFiles, Removal removal, OriginNumbers numbers) {
    this.union = union;
    this.sys = union.sys();
    this.openFiles = openFiles;
    this.removal = removal;
    this.numbers = numbers;
  }

  /**
   * A descriptor that keeps a file usable after it loses a name, or null where that is not its last
   * one, or nobody will ask. The directory's write lock is held.
   */
  @Nullable SharedFd hold(FileNode file, DirNode parent, Name name) throws ErrnoException {
    try {
      return removal.hold(file, parent, name);
    } catch (ErrnoException e) {
      return withoutDescriptor(file, e);
    }
  }

  /** The same for a directory. */
  @Nullable SharedFd hold(DirNode dir) {
    try {
      return removal.hold(dir);
    } catch (ErrnoException e) {
      log.warn("{}: whoever uses it cannot look into it any more: {}", dir, e.getMessage());
      return null;
    }
  }

  /* The kernel may know more files than there are descriptors; few of them are open. */
  private static @Nullable SharedFd withoutDescriptor(FileNode file, ErrnoException e)
      throws ErrnoException {
    if (e.errno() != Errno.EMFILE && e.errno() != Errno.ENFILE) {
      throw e;
    }
    log.warn("{}: whoever has it open loses it: {}", file, e.getMessage());
    return null;
  }

  /** Opens a copy by its name in the index, so that it stays usable without. */
  void keepUsable(FileNode file, LayerDir index, Name name) throws ErrnoException {
    if (!file.isReferenced() || file.orphan() != null) {
      return;
    }
    try {
      int fd = file.isRegular() ? openFiles.openWritable(index, name) : index.openPath(name);
      file.setOrphan(new SharedFd(sys, fd));
    } catch (ErrnoException e) {
      withoutDescriptor(file, e);
    }
  }

  /**
   * Takes a name of the upper from a file.
   *
   * @param links how many names the upper file had with this one
   * @param kept from {@link #hold}
   */
  void oneName(
      FileNode file,
      DirNode parent,
      Name name,
      int links,
      @Nullable SharedFd kept,
      Outdated outdated)
      throws ErrnoException {
    if (kept != null) {
      file.setOrphan(kept);
    }
    Placement now = file.update(at -> at.withoutLink(parent, name));
    outdated.file(file); // its link count
    if (!now.links().isEmpty()) {
      return;
    }
    boolean gone = links <= 1;
    if (gone && kept != null && numbers.isKeptApart(file)) {
      numbers.remove(kept);
    }
    if (gone || !file.isReferenced()) {
      remove(file);
    }
    dropUnwanted(file);
  }

  private void remove(FileNode file) {
    file.markRemoved();
    union.nodes().forgetAll(file);
    openFiles.drop(file);
  }

  private static void dropUnwanted(FileNode file) {
    SharedFd unwanted = file.isReferenced() ? null : file.takeOrphan();
    if (unwanted != null) {
      unwanted.retire();
    }
  }

  /** The same for a directory: whoever used it may have gone while it got its descriptor. */
  void dropUnwanted(DirNode dir) {
    SharedFd unwanted = dir.isReferenced() ? null : dir.takeOrphan();
    if (unwanted != null) {
      unwanted.retire();
    }
  }

  /** Takes all names from a copy that has lost its entry in the index. */
  void allNames(FileNode file, Outdated outdated) {
    remove(file);
    outdated.file(file);
    List<Link> links = file.placement().links(); // nobody finds the node for another one any more
    for (Link link : links) {
      try (Locks.Locked locked = union.locks().write(link.parent())) {
        file.update(at -> at.withoutLink(link.parent(), link.name()));
        union.cache().forget(link.parent(), link.name());
        outdated.name(link.parent(), link.name());
        outdated.directory(link.parent());
      }
    }
    dropUnwanted(file);
  }
}
