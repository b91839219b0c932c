package io.unionfs.stack;

import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.layer.Marks.DirMark;
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
 * The topmost layer that has a name wins. A whiteout hides the name in all layers below; so does
 * anything that is no directory. Directories merge downwards until an opaque directory, a whiteout,
 * or something that is no directory ends the merge. (Documentation/filesystems/overlayfs.rst,
 * "Upper and Lower", "whiteouts and opaque directories".)
 */
/** The rules by which layers make one tree. */
public final class MergeRules {
  private static final Logger log = LoggerFactory.getLogger(MergeRules.class);

  private final Marks marks;

  public MergeRules(Marks marks) {
    this.marks = marks;
  }

  /**
   * Finds out what a name means.
   *
   * @param dirs the directories that are merged, topmost first
   * @throws ErrnoException {@code EIO} for a mark that this mount does not follow; the errno of a
   *     layer that cannot be read
   */
  public Resolution resolve(List<LayerDir> dirs, Name name) throws ErrnoException {
    Search search = new Search(name);
    for (int i = 0; i < dirs.size() && !search.finished; i++) {
      search.visit(dirs.get(i));
    }
    return search.result();
  }

  /**
   * Finds out what a name means in lower directories that an index was made of: touches only the
   * layers that have the name.
   */
  public Resolution resolve(List<LayerDir> lowers, LowerIndex index, Name name)
      throws ErrnoException {
    return resolve(null, lowers, index, name);
  }

  /** The same with an upper directory above the indexed lowers. */
  public Resolution resolve(
      @Nullable LayerDir upper, List<LayerDir> lowers, LowerIndex index, Name name)
      throws ErrnoException {
    Search search = new Search(name);
    int entry = index.find(name);
    if (upper != null) {
      search.visit(upper);
    }
    if (entry >= 0 && !search.finished) {
      int parts = index.parts(entry);
      for (int i = 0; i < parts && !search.finished; i++) {
        int before = search.seen;
        LayerDir lower = lowers.get(index.part(entry, i));
        search.visit(lower);
        if (search.seen == before && !search.finished) {
          throw ErrnoException.of(Errno.ESTALE);
        }
      }
    }
    return search.result();
  }

  private final class Search {
    private final Name name;
    private final List<LayerDir> parts = new ArrayList<>(1);
    private @Nullable LayerDir top;
    private @Nullable Stat topStat;
    private @Nullable LayerDir whiteout;
    boolean finished;
    int seen;

    Search(Name name) {
      this.name = name;
    }

    void visit(LayerDir dir) throws ErrnoException {
      Stat stat = new Stat();
      int errno = dir.tryStat(name, stat);
      if (errno == Errno.ENOENT || (errno == 0 && dir.layer().hides(stat))) {
        return;
      }
      if (errno != 0) {
        throw ErrnoException.of(errno);
      }
      seen++;
      if (marks.isWhiteout(dir, name, stat)) {
        finished = true;
        if (parts.isEmpty()) {
          whiteout = dir;
        }
        return;
      }
      if (!stat.isDirectory()) {
        finished = true;
        if (parts.isEmpty()) {
          refuseMetacopy(dir, stat);
          top = dir;
          topStat = stat;
        }
        return;
      }
      if (parts.isEmpty()) {
        top = dir;
        topStat = stat;
      }
      LayerDir child = dir.child(name, stat);
      parts.add(child);
      if (child.covered()) {
        finished = true;
      } else if (!dir.layer().isBottom()) {
        endAtMark(dir);
      }
    }

    private void endAtMark(LayerDir dir) throws ErrnoException {
      DirMark mark = marks.dirMark(dir, name);
      if (mark == DirMark.REDIRECT) {
        log.warn("{}/{}/{}: redirect mark is not followed", dir.layer(), dir, name);
        throw ErrnoException.of(Errno.EIO);
      }
      finished = mark == DirMark.OPAQUE;
    }

    /* A file with data always has blocks or an inline body; only then is the xattr asked for. */
    private void refuseMetacopy(LayerDir dir, Stat stat) throws ErrnoException {
      if (stat.isRegular() && stat.size > 0 && stat.blocks == 0 && marks.isMetacopy(dir, name)) {
        log.warn("{}/{}/{}: metacopy mark is not followed", dir.layer(), dir, name);
        throw ErrnoException.of(Errno.EIO);
      }
    }

    Resolution result() {
      LayerDir found = top;
      Stat stat = topStat;
      if (found != null && stat != null) {
        return parts.isEmpty()
            ? Resolution.file(found, name, stat)
            : Resolution.directory(parts, found, name, stat);
      }
      LayerDir hidden = whiteout;
      return hidden != null ? Resolution.whiteout(hidden, name) : Resolution.absent(name);
    }
  }
}
