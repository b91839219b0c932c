package io.unionfs.core;

import io.unionfs.layer.DefaultWork;
import io.unionfs.layer.Directories;
import io.unionfs.layer.Directories.Checked;
import io.unionfs.layer.Layer;
import io.unionfs.layer.MarkRules;
import io.unionfs.layer.Marks;
import io.unionfs.layer.OwnerOverride;
import io.unionfs.layer.UpperLayers;
import io.unionfs.layer.WhiteoutFormat;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The opened layers of a mount, with everything that must be undone at its end. */
final class LayerStack implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LayerStack.class);

  private final Sys sys;
  private final MarkRules rules;
  private final Directories directories;
  private final List<Layer> lowers = new ArrayList<>();
  private @Nullable Layer upper;
  private @Nullable WorkDir work;
  private @Nullable Checked defaultWork;
  private final List<LayerPlace> lowerPlaces = new ArrayList<>();
  private @Nullable LayerPlace upperPlace;
  private @Nullable LayerPlace workPlace;

  /* Run last first at the end, or when opening fails half-way. */
  private final Deque<Runnable> undo = new ArrayDeque<>();

  private LayerStack(Sys sys, MarkRules rules) {
    this.sys = sys;
    this.rules = rules;
    this.directories = new Directories(sys);
  }

  static LayerStack open(Sys sys, MountOptions options) throws IOException {
    LayerStack stack = new LayerStack(sys, options.markRules());
    boolean opened = false;
    try {
      stack.openLayers(options);
      opened = true;
      return stack;
    } finally {
      if (!opened) {
        stack.close();
      }
    }
  }

  List<Layer> lowers() {
    return List.copyOf(lowers);
  }

  @Nullable Layer upper() {
    return upper;
  }

  @Nullable WorkDir work() {
    return work;
  }

  /** Where the lowers are, topmost first. */
  List<LayerPlace> lowerPlaces() {
    return List.copyOf(lowerPlaces);
  }

  @Nullable LayerPlace upperPlace() {
    return upperPlace;
  }

  @Nullable LayerPlace workPlace() {
    return workPlace;
  }

  Marks marks() {
    WorkDir present = work;
    return present == null ? Marks.readOnly(sys, rules) : present.marks();
  }

  private void openLayers(MountOptions options) throws IOException {
    if (options.lowers().isEmpty()) {
      throw new MountRefusedException("no lower directory given; use --lower DIR[:DIR…]");
    }
    List<Checked> checkedLowers = new ArrayList<>();
    for (byte[] path : options.lowers()) {
      checkedLowers.add(directories.check("lower directory", path));
    }
    List<Checked> hidden = new ArrayList<>();
    byte[] upperPath = options.upper();
    if (upperPath != null) {
      Checked checkedUpper = directories.check("upper directory", upperPath);
      for (Checked lower : checkedLowers) {
        directories.requireOutside(lower, checkedUpper);
      }
      byte[] workPath = options.work();
      Checked checkedWork =
          workPath == null
              ? makeDefaultWork(checkedUpper)
              : directories.check("work directory", existing(workPath));
      for (Checked lower : checkedLowers) {
        directories.requireOutside(lower, checkedWork);
      }
      openUpper(checkedUpper, checkedWork, options.isVolatile() && !options.readOnly());
      hidden.add(checkedUpper);
      hidden.add(checkedWork);
    }
    openLowers(checkedLowers, hidden);
    if (options.owners().maps()) {
      noteMappedIds(checkedLowers);
    }
    keepOwners(options);
  }

  private static void requireTrust(Layer layer) throws IOException {
    try {
      layer.distrustOwners();
    } catch (ErrnoException e) {
      throw new MountRefusedException(layer + ": " + e.getMessage(), e);
    }
  }

  private void keepOwners(MountOptions options) throws IOException {
    Layer above = upper;
    if (options.xattrPermissions() == 0) {
      for (Layer layer : lowers) {
        requireTrust(layer);
      }
      if (above != null) {
        requireTrust(above);
      }
    }
    WorkDir below = work;
    if (above == null || below == null) {
      return;
    }
    if (options.xattrPermissions() != 0 && !options.readOnly()) {
      try {
        above.setOwnerOverride(OwnerOverride.start(sys, options.xattrPermissions(), above, lowers));
      } catch (ErrnoException e) {
        throw new MountRefusedException(
            "upper directory "
                + above.path()
                + ": xattr_permissions="
                + options.xattrPermissions()
                + " cannot be kept there: "
                + Errno.message(e.errno()),
            e);
      }
    }
    below.layer().setOwnerOverride(above.ownerOverride());
  }

  private void openLowers(List<Checked> checked, List<Checked> hidden) throws IOException {
    for (Checked lower : checked) {
      try {
        Layer layer = Layer.openLower(sys, lower.real());
        undo.push(layer::close);
        for (Checked directory : hidden) {
          layer.hide(directory.stat());
        }
        lowers.add(layer);
        lowerPlaces.add(place(lower, layer));
      } catch (ErrnoException e) {
        throw new MountRefusedException(lower + ": " + e.getMessage(), e);
      }
    }
    lowers.get(lowers.size() - 1).setBottom();
  }

  /* A layer keeps the descriptor of its root to its end. */
  private static LayerPlace place(Checked checked, Layer layer) throws ErrnoException {
    SharedFd root = layer.root().pin();
    try {
      return new LayerPlace(
          Name.of(checked.real()), checked.stat().dev, checked.stat().ino, root.fd());
    } finally {
      root.unpin();
    }
  }

  /* Container engines give such mounts of their layers, and the same mapping as an option. */
  private void noteMappedIds(List<Checked> checked) throws IOException {
    Set<Long> mapped = new HashSet<>();
    try {
      for (MountInfo mount : MountInfo.read(sys)) {
        if (List.of(mount.options().split(",", -1)).contains("idmapped")) {
          mapped.add(mount.id());
        }
      }
    } catch (ErrnoException e) {
      throw new MountRefusedException("the mount table: " + e.getMessage(), e);
    }
    for (int i = 0; i < lowers.size(); i++) {
      if (mapped.contains(checked.get(i).stat().mntId)) {
        lowers.get(i).setIdMapped();
      }
    }
  }

  private void openUpper(Checked checkedUpper, Checked checkedWork, boolean isVolatile)
      throws IOException {
    directories.requireApart(checkedUpper, checkedWork);
    UpperClaim upperClaim = UpperClaim.take(sys, checkedUpper);
    undo.push(upperClaim::close);
    UpperClaim workClaim = UpperClaim.take(sys, checkedWork);
    undo.push(workClaim::close);
    try {
      UpperLayers opened = UpperLayers.open(sys, checkedUpper.real(), checkedWork.real());
      undo.push(opened.upper()::close);
      undo.push(opened.work()::close);
      opened.upper().hide(checkedWork.stat());
      upper = opened.upper();
      upperPlace = place(checkedUpper, opened.upper());
      workPlace = place(checkedWork, opened.work());
      WorkDir openedWork = openWork(checkedUpper, checkedWork, opened.work());
      work = openedWork;
      announceWhiteouts(opened.upper(), openedWork.marks());
      openedWork.finishRenames(opened.upper().root());
      if (isVolatile) {
        openedWork.markVolatile();
      }
    } catch (ErrnoException e) {
      throw new MountRefusedException(checkedWork + ": " + explainWork(e.errno()), e);
    }
  }

  private static void announceWhiteouts(Layer upper, Marks marks) throws ErrnoException {
    if (marks.whiteouts().format() != WhiteoutFormat.XATTR) {
      return;
    }
    SharedFd root = upper.root().pin();
    try {
      marks.announceXattrWhiteouts(root.fd());
    } finally {
      root.unpin();
    }
    upper.setXattrWhiteouts();
  }

  private WorkDir openWork(Checked checkedUpper, Checked checkedWork, Layer layer)
      throws IOException, ErrnoException {
    WorkDir opened;
    try {
      opened = WorkDir.open(layer, checkedWork, rules);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EOPNOTSUPP) {
        throw new MountRefusedException(
            checkedUpper
                + ": its file system has no extended attributes, which mark opaque directories;"
                + " use an upper on another one",
            e);
      }
      throw e;
    }
    undo.push(
        () -> {
          opened.close();
          removeDefaultWork(opened);
        });
    return opened;
  }

  private static String explainWork(int errno) {
    return switch (errno) {
      case Errno.EROFS -> "the file system is read-only; mount without --upper, or use another one";
      case Errno.EACCES, Errno.EPERM -> "permission denied; it must be writable";
      default -> Errno.name(errno) + ": " + Errno.message(errno);
    };
  }

  /* fuse-overlayfs makes a work directory that is missing, and its callers rely on it. */
  private byte[] existing(byte[] path) throws IOException {
    try {
      sys.mkdirat(Linux.AT_FDCWD, Name.of(path), 0700);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EEXIST) {
        throw new MountRefusedException(
            "work directory " + Name.of(path) + ": " + Errno.message(e.errno()), e);
      }
      return path;
    }
    undo.push(() -> removeIfEmpty(path));
    return path;
  }

  private void removeIfEmpty(byte[] path) {
    int errno = sys.tryUnlinkat(Linux.AT_FDCWD, Name.of(path), Linux.AT_REMOVEDIR);
    if (errno != 0 && errno != Errno.ENOTEMPTY && errno != Errno.ENOENT) {
      log.warn("work directory {}: {}", Name.of(path), Errno.message(errno));
    }
  }

  /* A sibling of the upper where that is on the same mount and may be made, else inside. */
  private Checked makeDefaultWork(Checked checkedUpper) throws IOException {
    byte[] sibling = DefaultWork.beside(checkedUpper.real());
    if (sibling != null
        && isOnMountOf(DefaultWork.parent(checkedUpper.real()), checkedUpper)
        && make(sibling)) {
      return remember(sibling);
    }
    byte[] inside = DefaultWork.inside(checkedUpper.real());
    if (make(inside)) {
      return remember(inside);
    }
    throw new MountRefusedException(
        checkedUpper + ": permission denied; it must be writable, or leave --upper away");
  }

  private boolean isOnMountOf(byte[] path, Checked checkedUpper) {
    try (Fd fd = new Fd(sys, sys.openPath(path, Linux.O_PATH | Linux.O_DIRECTORY, 0))) {
      Stat stat = new Stat();
      sys.fstatx(fd.raw(), stat);
      return stat.dev == checkedUpper.stat().dev && stat.mntId == checkedUpper.stat().mntId;
    } catch (ErrnoException e) {
      log.debug("{}: {}", Name.of(path), e.getMessage());
      return false;
    }
  }

  private boolean make(byte[] path) throws IOException {
    try {
      sys.mkdirat(Linux.AT_FDCWD, Name.of(path), 0700);
    } catch (ErrnoException e) {
      return switch (e.errno()) {
        case Errno.EEXIST -> true;
        case Errno.EACCES, Errno.EPERM, Errno.EROFS -> false;
        default ->
            throw new MountRefusedException(
                "work directory " + Name.of(path) + ": " + Errno.message(e.errno()), e);
      };
    }
    undo.push(() -> removeIfEmpty(path));
    return true;
  }

  private Checked remember(byte[] path) throws IOException {
    Checked checked = directories.check("work directory", path);
    defaultWork = checked;
    return checked;
  }

  /* A default work dir goes away with the mount, unless it keeps an index of hard links. */
  private void removeDefaultWork(WorkDir opened) {
    Checked made = defaultWork;
    if (made == null) {
      return;
    }
    try {
      if (opened.isDisposable()) {
        opened.removeLayout();
        removeIfEmpty(made.real());
      }
    } catch (ErrnoException e) {
      log.warn("{}: {}", made, e.getMessage());
    }
  }

  @Override
  public void close() {
    while (!undo.isEmpty()) {
      undo.pop().run();
    }
  }
}
