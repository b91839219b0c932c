package io.unionfs.core;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.layer.WhiteoutFormat;
import io.unionfs.stack.MergeRules;
import io.unionfs.statistics.CacheFigures;
import io.unionfs.statistics.CopyUpFigures;
import io.unionfs.statistics.CopyUps;
import io.unionfs.statistics.Proc;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.StatFs;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A union of directories: the operations of a file system over nodes. It knows nothing of FUSE and
 * may be used by any number of threads.
 *
 * <p>Errors are the errno that the same call gives on a plain directory; every operation that
 * changes something throws {@code EROFS} on a read-only union, and any may throw the errno of a
 * layer that cannot be read or written ({@code EIO}, {@code ENOSPC}, {@code EDQUOT}, {@code
 * EMFILE}, …). {@code ESTALE} is a node whose file a layer lost behind the mount's back.
 */
public final class UnionFileSystem implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(UnionFileSystem.class);

  private static final int RACES = 3;

  private final UnionState union;
  private final LayerStack layers;
  private final HardLinks hardLinks;
  private final Lookup lookup;
  private final Places places;
  private final OpenFiles openFiles;
  private final Listings listings;
  private final Creation creation;
  private final Removal removal;
  private final Rename rename;
  private final FileData data;
  private final Protection protection;
  private final Attributes attributes;
  private final CopyUp copyUp;
  private final Proc proc;
  private final CopyUps copyUps;
  private final FileFlags flags;
  private final Xattrs xattrs;
  private final NameLoss nameLoss;
  private final Departures departures = new Departures();
  private final Changes changes = new Changes();
  private final AtomicBoolean closed = new AtomicBoolean();

  private UnionFileSystem(UnionState union, LayerStack layers) {
    this.union = union;
    this.layers = layers;
    this.hardLinks = new HardLinks(union.sys(), union.work(), union.lowers());
    OriginNumbers numbers = new OriginNumbers(union.sys(), union.marks(), union.work());
    this.lookup = new Lookup(union, hardLinks, numbers);
    this.places = new Places(union);
    this.openFiles = new OpenFiles(union.sys(), places);
    this.listings = new Listings(union, lookup);
    this.protection = new Protection(union, places);
    this.proc = Proc.open(union.sys());
    this.copyUps = new CopyUps(proc);
    this.copyUp = new CopyUp(union, hardLinks, numbers, openFiles, protection, copyUps);
    this.creation = new Creation(union, lookup, copyUp, openFiles);
    this.removal = new Removal(union, lookup, copyUp, openFiles, listings, numbers);
    this.nameLoss = new NameLoss(union, openFiles, removal, numbers);
    this.rename = new Rename(union, lookup, copyUp, removal, listings);
    this.data = new FileData(union, copyUp, openFiles, protection);
    this.attributes = new Attributes(union, places, copyUp, data, listings, protection);
    this.xattrs = new Xattrs(union, places, copyUp, protection, attributes);
    this.flags = new FileFlags(union, copyUp, openFiles, protection);
  }

  /**
   * Opens the layers: checks them, claims the upper and work dir for this process, and sweeps what
   * a crash left in the work dir.
   *
   * @throws MountRefusedException with a message for the user, with nothing left behind
   */
  public static UnionFileSystem open(Sys sys, MountOptions options) throws IOException {
    LayerStack layers = LayerStack.open(sys, options);
    boolean opened = false;
    try {
      UnionFileSystem fs = new UnionFileSystem(state(sys, options, layers), layers);
      fs.settleIndex();
      opened = true;
      return fs;
    } catch (ErrnoException e) {
      throw new MountRefusedException("cannot read the layers' roots: " + e.getMessage(), e);
    } finally {
      if (!opened) {
        layers.close();
      }
    }
  }

  /* What a crash left in the index does no harm, so it is no reason to refuse the mount. */
  private void settleIndex() {
    try {
      hardLinks.settle(union.marks());
    } catch (ErrnoException e) {
      log.warn("the index of hard links cannot be set right: {}", e.getMessage());
    }
  }

  private static UnionState state(Sys sys, MountOptions options, LayerStack layers)
      throws ErrnoException {
    Layer upper = layers.upper();
    Identities identities = new Identities();
    if (upper != null) {
      identities.register(upper);
    }
    List<LayerDir> roots = new ArrayList<>();
    for (Layer layer : layers.lowers()) {
      identities.register(layer);
      roots.add(layer.root());
    }
    Nodes nodes = new Nodes(options.isShared());
    Stat stat = new Stat();
    roots.get(0).stat(stat);
    DirNode root =
        nodes.root(
            identities.shown(stat.dev, stat.ino),
            Generations.ofLower(stat),
            upper == null ? null : upper.root(),
            List.copyOf(roots));
    Marks marks = layers.marks();
    return new UnionState(
        sys,
        options,
        layers.lowers(),
        upper,
        layers.work(),
        marks,
        new MergeRules(marks, layers.lowers()),
        identities,
        nodes,
        new LookupCache(options.cacheBytes(), !options.isShared()),
        new Locks(),
        root);
  }

  public MountOptions options() {
    return union.options();
  }

  /** Where the lowers are, topmost first. */
  public List<LayerPlace> lowerPlaces() {
    return layers.lowerPlaces();
  }

  /** Where the upper is, null without one. */
  public @Nullable LayerPlace upperPlace() {
    return layers.upperPlace();
  }

  /** Where the work dir is, null without an upper. */
  public @Nullable LayerPlace workPlace() {
    return layers.workPlace();
  }

  /** Whether {@code .wh.} names are marks in every layer. */
  public boolean dotNames() {
    return options().dotNames() || union.marks().whiteouts().format() == WhiteoutFormat.AUFS;
  }

  public boolean readOnly() {
    return union.readOnly();
  }

  public DirNode root() {
    return union.root();
  }

  /**
   * The node of a name, which is not "." or "..".
   *
   * @return null where there is none ({@code ENOENT})
   * @throws ErrnoException {@code ENAMETOOLONG} for a name over 255 bytes
   */
  public @Nullable Node lookup(DirNode parent, Name name) throws ErrnoException {
    return lookup.find(parent, name);
  }

  /**
   * The node of a name with its attributes, as {@link #lookup(DirNode, Name)} and {@link #getattr}
   * give them, at the cost of one of them where the layers have to be asked. For a caller that
   * remembers names itself: here they are not.
   */
  public @Nullable Node lookup(DirNode parent, Name name, Stat out) throws ErrnoException {
    for (int attempt = 0; ; attempt++) {
      Node node = lookup.find(parent, name, out);
      if (node == null) {
        return null;
      }
      try {
        if (out.ino != 0) {
          attributes.showKnown(node, out);
        } else {
          attributes.show(node, out);
        }
        return node;
      } catch (ErrnoException e) {
        boolean goneMeanwhile = e.errno() == Errno.ENOENT || e.errno() == Errno.ESTALE;
        if (!goneMeanwhile || attempt == RACES) {
          throw e;
        }
      }
    }
  }

  /**
   * The node of an inode number, found by a walk of the whole union: for file handles that outlive
   * what is known of the file. Null if no name leads to it.
   */
  public @Nullable Node findByIno(long ino) throws ErrnoException {
    return new NodeSearch(lookup, listings, union.root()).find(ino);
  }

  /** The access ACL of a node in the xattr's format, whatever the options say; null if none. */
  public byte @Nullable [] accessAcl(Node node) throws ErrnoException {
    return xattrs.accessAcl(node);
  }

  /** Adds a reference: while a node has one it stays usable, also without a name. */
  public void retain(Node node) {
    node.addReference();
  }

  /** Gives up references that {@link #retain} added. */
  public void release(Node node, long count) {
    if (!node.dropReferences(count)) {
      return;
    }
    departures.happened();
    if (node instanceof FileNode file) {
      SharedFd orphan = file.takeOrphan();
      if (orphan != null) {
        if (!file.placement().hasCopy()) { // else it was found by another name since
          file.markRemoved();
          union.nodes().forgetAll(file);
        }
        orphan.retire();
      }
      openFiles.drop(file);
    } else if (node instanceof DirNode dir) {
      SharedFd orphan = dir.takeOrphan();
      if (orphan != null) {
        orphan.retire();
      }
    }
  }

  /** Reads a node's attributes; {@code dev} and {@code mntId} are the host's. */
  public void getattr(Node node, Stat out) throws ErrnoException {
    attributes.show(node, out);
  }

  /**
   * Changes attributes.
   *
   * @throws ErrnoException {@code EOPNOTSUPP} for the mode of a symbolic link
   */
  public void setattr(Node node, SetAttr change, Caller caller) throws ErrnoException {
    try (Changes running = changes.begin()) {
      attributes.set(node, change);
    }
  }

  /**
   * The target of a symbolic link, byte for byte.
   *
   * @throws ErrnoException {@code EINVAL} if the node is none
   */
  public byte[] readlink(Node node) throws ErrnoException {
    if (!(node instanceof FileNode file) || !file.isSymlink()) {
      throw ErrnoException.of(Errno.EINVAL);
    }
    return places.with(file, HostFile::readlink);
  }

  /**
   * Makes a regular file; the node is not retained.
   *
   * @param mode the permission bits, of which the caller's umask or a default ACL takes away
   * @param out gets the attributes as {@link #getattr} tells them, at no further cost; null for
   *     none
   * @throws ErrnoException {@code EEXIST}, {@code ENAMETOOLONG}, {@code ENOENT} if the directory
   *     was removed
   */
  public FileNode create(DirNode parent, Name name, int mode, Caller caller, @Nullable Stat out)
      throws ErrnoException {
    try (Changes running = changes.begin()) {
      protection.requireNamesAddable(parent);
      Stat host = out == null ? new Stat() : out;
      FileNode made = creation.regular(parent, name, mode, caller, host);
      showMade(made, out);
      return made;
    }
  }

  private void showMade(Node made, @Nullable Stat out) throws ErrnoException {
    if (out != null) {
      attributes.showKnown(made, out);
    }
  }

  /**
   * Makes a regular file without a name ({@code O_TMPFILE}), retained once; {@link #link} may give
   * it one.
   *
   * @throws ErrnoException {@code EOPNOTSUPP} where the upper's file system has no such files
   */
  public FileNode tmpfile(DirNode parent, int mode, Caller caller) throws ErrnoException {
    try (Changes running = changes.begin()) {
      protection.requireNamesAddable(parent);
      return creation.unnamed(parent, mode, caller);
    }
  }

  /**
   * Makes a file of any type but a directory or symbolic link.
   *
   * @param mode type and permission bits
   * @param rdev the device number, as makedev(3) makes it
   * @throws ErrnoException as {@link #create}; {@code EPERM} for a character device 0:0, which is a
   *     whiteout in a layer
   */
  public Node mknod(
      DirNode parent, Name name, int mode, long rdev, Caller caller, @Nullable Stat out)
      throws ErrnoException {
    try (Changes running = changes.begin()) {
      protection.requireNamesAddable(parent);
      Stat host = out == null ? new Stat() : out;
      Node made = creation.special(parent, name, mode, rdev, caller, host);
      showMade(made, out);
      return made;
    }
  }

  /** Makes a directory; errors as {@link #create}. */
  public DirNode mkdir(DirNode parent, Name name, int mode, Caller caller, @Nullable Stat out)
      throws ErrnoException {
    try (Changes running = changes.begin()) {
      protection.requireNamesAddable(parent);
      Stat host = out == null ? new Stat() : out;
      DirNode made = creation.directory(parent, name, mode, caller, host);
      showMade(made, out);
      return made;
    }
  }

  /** Makes a symbolic link; errors as {@link #create}. */
  public FileNode symlink(
      DirNode parent, Name name, byte[] target, Caller caller, @Nullable Stat out)
      throws ErrnoException {
    try (Changes running = changes.begin()) {
      protection.requireNamesAddable(parent);
      Stat host = out == null ? new Stat() : out;
      FileNode made = creation.symlink(parent, name, target, caller, host);
      showMade(made, out);
      return made;
    }
  }

  /**
   * Gives a file one more name.
   *
   * @throws ErrnoException as {@link #create}; {@code EPERM} for a directory
   */
  public void link(Node node, DirNode newParent, Name newName) throws ErrnoException {
    if (!(node instanceof FileNode file)) {
      throw ErrnoException.of(Errno.EPERM);
    }
    try (Changes running = changes.begin()) {
      protection.requireNamesAddable(newParent);
      protection.requireChangeable(file);
      creation.link(file, newParent, newName);
    }
  }

  /**
   * Removes a name of a file.
   *
   * @throws ErrnoException {@code ENOENT}; {@code EISDIR} for a directory
   */
  public void unlink(DirNode parent, Name name) throws ErrnoException {
    try (Changes running = changes.begin()) {
      protection.requireRemovable(parent, lookup.find(parent, name));
      removal.unlink(parent, name);
    }
  }

  /**
   * Removes a directory that shows no entries.
   *
   * @throws ErrnoException {@code ENOENT}, {@code ENOTDIR}, {@code ENOTEMPTY}
   */
  public void rmdir(DirNode parent, Name name) throws ErrnoException {
    try (Changes running = changes.begin()) {
      protection.requireRemovable(parent, lookup.find(parent, name));
      removal.rmdir(parent, name);
    }
  }

  /**
   * Renames as renameat2(2).
   *
   * @param flags 0, {@code RENAME_NOREPLACE}, or {@code RENAME_EXCHANGE}; else {@code EINVAL}
   * @throws ErrnoException {@code EXDEV} for a directory that has lower content, and the errors of
   *     rename(2)
   */
  public void rename(DirNode oldParent, Name oldName, DirNode newParent, Name newName, int flags)
      throws ErrnoException {
    try (Changes running = changes.begin()) {
      protection.requireRemovable(oldParent, lookup.find(oldParent, oldName));
      Node target = lookup.find(newParent, newName);
      if (target == null) {
        protection.requireNamesAddable(newParent);
      } else {
        protection.requireRemovable(newParent, target);
      }
      rename.rename(oldParent, oldName, newParent, newName, flags);
    }
  }

  /**
   * Checks that a file may be opened with these flags; nothing is copied up, and a handle is the
   * caller's to keep, together with {@link #retain}.
   *
   * @throws ErrnoException {@code EROFS}; {@code EPERM} for a file that is immutable or append-only
   */
  public void open(FileNode node, int flags) throws ErrnoException {
    boolean writes = (flags & Linux.O_ACCMODE) != Linux.O_RDONLY || (flags & Linux.O_TRUNC) != 0;
    if (writes && node.isRegular()) {
      union.requireWritable();
      protection.requireOpen(node, flags);
    }
  }

  /**
   * Reads into native memory.
   *
   * @return the bytes read, fewer than asked for only at the end of the file
   */
  public int read(FileNode node, long address, int length, long offset) throws ErrnoException {
    return data.read(node, address, length, offset);
  }

  /**
   * Writes from native memory, copying the file up first.
   *
   * @return the bytes written, fewer than asked for only where the rest met an error
   */
  public int write(FileNode node, long address, int length, long offset) throws ErrnoException {
    try (Changes running = changes.begin()) {
      return data.write(node, address, length, offset);
    }
  }

  /**
   * Takes the set-id bits from a regular file whose content is about to change, which the host
   * leaves to a root that changes it for others; copies the file up first.
   *
   * @return whether its mode changed
   */
  public boolean clearPrivileges(FileNode node) throws ErrnoException {
    try (Changes running = changes.begin()) {
      return data.clearPrivileges(node);
    }
  }

  /**
   * Copies data within the union as copy_file_range(2), by reflink where the host can.
   *
   * @return the bytes copied, 0 at the end of the source
   */
  public long copyFileRange(FileNode from, long fromOffset, FileNode to, long toOffset, long length)
      throws ErrnoException {
    try (Changes running = changes.begin()) {
      return data.copy(from, fromOffset, to, toOffset, length);
    }
  }

  /** Whether a file is being copied up right now, so that a write of it would have to wait. */
  public boolean copyUpRuns(FileNode node) {
    return copyUp.runs(node);
  }

  /**
   * A pinned descriptor that reads and writes of an open file may go to instead of {@link #read}
   * and {@link #write}, for as long as it is open; the caller unpins it. Null where they may not: a
   * lower file of a writable union changes its place when it is written.
   */
  public @Nullable SharedFd pinBacking(FileNode node) throws ErrnoException {
    return data.pinBacking(node);
  }

  /**
   * A descriptor of an unnamed file on the upper's file system; the caller closes it.
   *
   * @throws ErrnoException {@code EOPNOTSUPP} where that has none
   */
  public int openScratch() throws ErrnoException {
    return union.requireWritable().openScratch();
  }

  /**
   * Makes changes wait from here on, so that the layers can be looked at as they are; what programs
   * have written and the kernel has not handed on yet is not in them. One holder at a time.
   *
   * @return false if a change that runs does not end in so many milliseconds; nothing waits then
   */
  public boolean tryHoldChanges(int millis) {
    return changes.tryHold(millis);
  }

  /** Ends what {@link #tryHoldChanges} began; any thread may. */
  public void releaseChanges() {
    changes.release();
  }

  /** Begins to throw away changes of the upper. */
  public Discarding discard() {
    return new Discarding(union, lookup, nameLoss, new Taken(union, nameLoss, departures));
  }

  /** Makes everything that was changed durable. */
  public void syncfs() throws ErrnoException {
    data.syncAll();
  }

  /**
   * The flags of ioctl_iflags(2).
   *
   * @throws ErrnoException {@code ENOTTY} where the host has none
   */
  public int getFlags(Node node) throws ErrnoException {
    return flags.get(node);
  }

  /** Sets the flags of ioctl_iflags(2), copying the node up first. */
  public void setFlags(Node node, int value) throws ErrnoException {
    try (Changes running = changes.begin()) {
      flags.set(node, value);
    }
  }

  /** A {@code struct fsxattr} ({@code FS_IOC_FSGETXATTR}), 28 bytes. */
  public byte[] getFsxattr(Node node) throws ErrnoException {
    return flags.getExtended(node);
  }

  /** Sets a {@code struct fsxattr} of 28 bytes, copying the node up first. */
  public void setFsxattr(Node node, byte[] value) throws ErrnoException {
    try (Changes running = changes.begin()) {
      flags.setExtended(node, value);
    }
  }

  /** Makes a file's or directory's changes durable. */
  public void fsync(Node node, boolean dataOnly) throws ErrnoException {
    data.sync(node, dataOnly);
  }

  /** Ends one use of a file's handle; errors of earlier writes were reported by those. */
  public void flush(FileNode node) throws ErrnoException {
    if (node.isRemoved() && !node.isReferenced()) {
      throw ErrnoException.of(Errno.EBADF);
    }
  }

  /** Allocates or frees space, with the modes of fallocate(2) that the upper's host knows. */
  public void fallocate(FileNode node, int mode, long offset, long length) throws ErrnoException {
    try (Changes running = changes.begin()) {
      data.allocate(node, mode, offset, length);
    }
  }

  /** Finds data or holes, as lseek(2) with {@code SEEK_DATA} or {@code SEEK_HOLE}. */
  public long lseek(FileNode node, long offset, int whence) throws ErrnoException {
    return data.seek(node, offset, whence);
  }

  /** A snapshot of a directory's entries. */
  public Listing list(DirNode dir) throws ErrnoException {
    return listings.read(dir);
  }

  /** The value of an extended attribute, or null for {@code ENODATA}. */
  public byte @Nullable [] getxattr(Node node, Name name) throws ErrnoException {
    return xattrs.get(node, name);
  }

  /** The names of the extended attributes, each ended by NUL. */
  public byte[] listxattr(Node node, Caller caller) throws ErrnoException {
    return xattrs.list(node, caller);
  }

  /**
   * Sets an extended attribute.
   *
   * @param flags 0, {@code XATTR_CREATE} ({@code EEXIST}), {@code XATTR_REPLACE} ({@code ENODATA})
   * @throws ErrnoException {@code EPERM} for a name that is a mark of another implementation
   */
  public void setxattr(Node node, Name name, byte[] value, int flags, Caller caller)
      throws ErrnoException {
    try (Changes running = changes.begin()) {
      xattrs.set(node, name, value, flags);
    }
  }

  /**
   * The same.
   *
   * @param killSgid whether the file loses its set-group-id bit, because the caller is not in its
   *     group and sets an ACL
   */
  public void setxattr(
      Node node, Name name, byte[] value, int flags, boolean killSgid, Caller caller)
      throws ErrnoException {
    try (Changes running = changes.begin()) {
      xattrs.set(node, name, value, flags);
      if (killSgid) {
        attributes.clearSetgid(node);
      }
    }
  }

  /** Removes an extended attribute; {@code ENODATA} if there is none. */
  public void removexattr(Node node, Name name, Caller caller) throws ErrnoException {
    try (Changes running = changes.begin()) {
      xattrs.remove(node, name);
    }
  }

  /** The figures of the upper's file system, of the topmost lower's where there is no upper. */
  public void statfs(StatFs out) throws ErrnoException {
    SharedFd root = union.root().top().pin();
    try {
      union.sys().fstatfs(root.fd(), out);
    } finally {
      root.unpin();
    }
  }

  /**
   * Lets remembered names take no more than that many bytes: for a caller that remembers them
   * itself, and asks again only about those that it gave up.
   */
  public void limitNames(long bytes) {
    union.cache().limitEntries(bytes);
  }

  public Statistics statistics() {
    return union.cache().statistics();
  }

  /** How well the caches do. */
  public List<CacheFigures> cacheFigures() {
    List<CacheFigures> figures = new ArrayList<>(union.cache().figures());
    figures.add(openFiles.figures());
    return List.copyOf(figures);
  }

  /** What was copied up. */
  public CopyUpFigures copyUpFigures() {
    return copyUps.figures();
  }

  /** How many nodes are alive, roughly. */
  public long nodeCount() {
    return union.nodes().size();
  }

  /** What the operating system says of this process, whatever the union is mounted over. */
  public Proc proc() {
    return proc;
  }

  /** Closes every descriptor, empties the work dir, and gives up the claim on the upper. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    Statistics figures = statistics();
    log.info(
        "lookups: {} answered from the cache, {} from the layers ({} % hits)",
        figures.lookupHits(), figures.lookupMisses(), Math.round(figures.hitRate() * 100));
    copyUp.awaitClosed();
    openFiles.close();
    hardLinks.close();
    layers.close();
    proc.close();
  }
}
