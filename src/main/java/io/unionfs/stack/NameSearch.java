package io.unionfs.stack;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.layer.Marks.DirMark;
import io.unionfs.layer.Redirect;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * One search for one name, down the layers, as ovl_lookup() of the kernel (fs/overlayfs/namei.c). It
 * begins in the merged directory. A redirect mark changes where the layers below are asked: a name
 * alone, for that name in the same directory; a path, from the root of every layer below. Each layer
 * is visited once, so no mark can lead in circles.
 */
/** A search for what a name means. */
final class NameSearch {
  private static final Logger log = LoggerFactory.getLogger(NameSearch.class);

  /* As many names as a path of PATH_MAX bytes can have. */
  private static final int MOST_NAMES = 2048;
  private static final int SECTOR = 512;

  /* A file with more sectors than these and no holes has data: xattrs take no more. */
  private static final int XATTR_SECTORS = 136;

  private final Marks marks;
  private final List<Layer> layers;
  private final Name name;
  private @Nullable List<LayerDir> parts; // of a directory
  private @Nullable LayerDir top;
  private @Nullable Stat topStat;
  private @Nullable LayerDir whiteout;
  private @Nullable Place data;

  /* What was found is a file whose data are further down. */
  private boolean wantsData;
  private boolean finished;
  private int seen;
  private @Nullable Layer last;

  /* What the layers below are asked for: a name in the merged directory, or a path from the root. */
  private Name sought;
  private @Nullable List<Name> path;

  /**
   * @param layers all lower layers, topmost first
   */
  NameSearch(Marks marks, List<Layer> layers, Name name) {
    this.marks = marks;
    this.layers = layers;
    this.name = name;
    this.sought = name;
  }

  /** Searches merged directories. */
  Resolution in(List<LayerDir> dirs) throws ErrnoException {
    return in(null, dirs);
  }

  /** Searches an upper directory, and the others below it. */
  Resolution in(@Nullable LayerDir upper, List<LayerDir> dirs) throws ErrnoException {
    if (upper != null) {
      visit(upper, name);
    }
    goOn(dirs, 0);
    return result();
  }

  /** Searches an upper directory, and those of the lowers that the index names. */
  Resolution in(@Nullable LayerDir upper, List<LayerDir> dirs, LowerIndex index)
      throws ErrnoException {
    if (upper != null) {
      visit(upper, name);
    }
    goOn(dirs, throughIndex(dirs, index));
    return result();
  }

  /* How many of the directories are done: all, unless the search goes where the index knows nothing. */
  private int throughIndex(List<LayerDir> dirs, LowerIndex index) throws ErrnoException {
    if (leavesIndex()) {
      return 0;
    }
    int entry = finished ? -1 : index.find(name);
    int number = entry < 0 ? 0 : index.parts(entry);
    for (int i = 0; i < number && !finished; i++) {
      int before = seen;
      int part = index.part(entry, i);
      visit(dirs.get(part), name);
      if (leavesIndex()) {
        return part + 1;
      }
      if (seen == before && !finished) {
        throw ErrnoException.of(Errno.ESTALE);
      }
    }
    return dirs.size();
  }

  private boolean leavesIndex() {
    return !finished && (path != null || !sought.equals(name) || wantsData);
  }

  private void goOn(List<LayerDir> dirs, int from) throws ErrnoException {
    for (int i = from; i < dirs.size() && !finished && path == null; i++) {
      visit(dirs.get(i), sought);
    }
    if (path != null) {
      fromRoots(layers.indexOf(last) + 1);
    }
  }

  private void fromRoots(int from) throws ErrnoException {
    for (int i = from; i < layers.size() && !finished; i++) {
      List<Name> now = path();
      LayerDir parent = walk(layers.get(i).root(), now);
      boolean ends = finished;
      finished = false;
      if (parent != null) {
        visit(parent, now.get(now.size() - 1));
      }
      finished |= ends;
    }
  }

  private List<Name> path() {
    List<Name> present = path;
    if (present == null) {
      throw new IllegalStateException("no path: " + name);
    }
    return present;
  }

  /*
   * The directory that the path's last name is in, or null where this layer does not have it. Sets
   * finished where nothing below this layer counts.
   */
  private @Nullable LayerDir walk(LayerDir root, List<Name> names) throws ErrnoException {
    LayerDir at = root;
    for (int i = 0; i < names.size() - 1; i++) {
      Name step = names.get(i);
      Stat stat = statOrNull(at, step);
      if (stat == null) {
        finished = !at.layer().isBottom() && marks.whiteouts().hidesBelow(at, step);
        return null;
      }
      if (!stat.isDirectory() || marks.whiteouts().isWhiteout(at, step, stat)) {
        finished = true;
        return null;
      }
      LayerDir child = at.child(step, stat);
      if (child.covered()) {
        finished = true;
        return null;
      }
      if (!at.layer().isBottom()) {
        DirMark mark = marks.dirMark(at, step, child);
        finished |= mark == DirMark.OPAQUE;
        if (mark == DirMark.REDIRECT) {
          int place =
              path().size() - names.size() + i; // an earlier mark may have changed its start
          path = joined(at, step, path(), place, marks.redirect(at, step));
        }
      }
      at = child;
    }
    return at;
  }

  /* A path whose i-th name the redirect mark of a directory replaces. */
  private static List<Name> joined(
      LayerDir dir, Name name, List<Name> path, int i, @Nullable Redirect redirect)
      throws ErrnoException {
    if (redirect == null) {
      return path;
    }
    List<Name> all = new ArrayList<>();
    if (!redirect.absolute()) {
      all.addAll(path.subList(0, i));
    }
    all.addAll(redirect.names());
    all.addAll(path.subList(i + 1, path.size()));
    if (all.size() > MOST_NAMES) {
      log.warn("{}/{}/{}: redirect marks lead to too long a path", dir.layer(), dir, name);
      throw ErrnoException.of(Errno.EIO);
    }
    return all;
  }

  private static @Nullable Stat statOrNull(LayerDir dir, Name child) throws ErrnoException {
    Stat stat = new Stat();
    int errno = dir.tryStat(child, stat);
    if (errno == Errno.ENOENT || (errno == 0 && dir.layer().hides(stat))) {
      return null;
    }
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
    return stat;
  }

  private void visit(LayerDir dir, Name at) throws ErrnoException {
    last = dir.layer();
    Stat stat = statOrNull(dir, at);
    if (stat == null) {
      if (!dir.layer().isBottom() && marks.whiteouts().hidesBelow(dir, at)) {
        endAtWhiteout(dir);
      }
      return;
    }
    seen++;
    if (marks.whiteouts().isWhiteout(dir, at, stat)) {
      endAtWhiteout(dir);
    } else if (wantsData) {
      visitData(dir, at, stat);
    } else if (stat.isDirectory()) {
      visitDirectory(dir, at, stat);
    } else {
      finished = true;
      if (top == null) {
        visitFile(dir, at, stat);
      }
    }
  }

  private void endAtWhiteout(LayerDir dir) {
    finished = true;
    if (top == null) {
      whiteout = dir;
    }
  }

  private void visitFile(LayerDir dir, Name at, Stat stat) throws ErrnoException {
    top = dir;
    topStat = stat;
    if (mayBeMetacopy(dir, stat) && marks.isMetacopy(dir, at)) {
      wantsData = true;
      finished = false;
      follow(marks.redirect(dir, at));
    }
  }

  /* The xattr is asked for only where the file may be without data, or xattrs may look like them. */
  private static boolean mayBeMetacopy(LayerDir dir, Stat stat) {
    if (!stat.isRegular() || stat.size == 0) {
      return false;
    }
    return dir.layer().isBottom()
        ? stat.blocks == 0
        : stat.blocks <= XATTR_SECTORS || stat.blocks * SECTOR < stat.size;
  }

  private void visitData(LayerDir dir, Name at, Stat stat) throws ErrnoException {
    if (!stat.isRegular()) {
      finished = true;
      return;
    }
    if (mayBeMetacopy(dir, stat) && marks.isMetacopy(dir, at)) {
      follow(marks.redirect(dir, at));
      return;
    }
    data = new Place(dir, at);
    finished = true;
  }

  private void visitDirectory(LayerDir dir, Name at, Stat stat) throws ErrnoException {
    if (top == null) {
      top = dir;
      topStat = stat;
    }
    LayerDir child = dir.child(at, stat);
    List<LayerDir> merged = parts;
    if (merged == null) {
      merged = new ArrayList<>(1);
      parts = merged;
    }
    merged.add(child);
    if (child.covered()) {
      finished = true;
      return;
    }
    if (dir.layer().isBottom()) {
      return;
    }
    DirMark mark = marks.dirMark(dir, at, child);
    finished = mark == DirMark.OPAQUE;
    if (mark == DirMark.REDIRECT) {
      follow(marks.redirect(dir, at));
    }
  }

  private void follow(@Nullable Redirect redirect) {
    List<Name> now = path;
    if (redirect == null) {
      return;
    }
    if (redirect.absolute()) {
      path = redirect.names();
    } else if (now != null) {
      List<Name> beside = new ArrayList<>(now);
      beside.set(now.size() - 1, redirect.last());
      path = beside;
    } else {
      sought = redirect.last();
    }
  }

  private Resolution result() throws ErrnoException {
    LayerDir found = top;
    Stat stat = topStat;
    if (found == null || stat == null) {
      LayerDir hidden = whiteout;
      return hidden != null ? Resolution.whiteout(hidden, name) : Resolution.absent(name);
    }
    List<LayerDir> merged = parts;
    if (merged != null) {
      return Resolution.directory(merged, found, name, stat);
    }
    Place place = data;
    if (wantsData && place == null) {
      log.warn("{}/{}/{}: the layers below do not have its data", found.layer(), found, name);
      throw ErrnoException.of(Errno.EIO);
    }
    return Resolution.file(found, name, stat, place);
  }
}
