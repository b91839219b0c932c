package io.unionfs.offline.fsck;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Mark;
import io.unionfs.layer.Marks;
import io.unionfs.layer.Whiteouts;
import io.unionfs.offline.OpenLayers;
import io.unionfs.stack.MergeRules;
import io.unionfs.stack.Resolution;
import io.unionfs.sys.Dirents;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/*
 * The layer is walked by itself, with the directories below that each of its directories is merged with,
 * as the merge rules say: what a layer above hides is looked at all the same, for the layer may be a lower of
 * other unions. An entry costs one system call, listxattr(2), as long as nothing is found.
 *
 * What is kept are the directories that are still to be looked at: the names beside those on the way
 * down. Depth is limited by that memory alone; nothing here calls itself.
 */
/** The check of one layer. */
final class LayerCheck {
  /* fuse-overlayfs puts a device .wh..opq beside its xattr, which other programs see as a whiteout. */
  private static final Name OPAQUE_OF_OTHERS = Name.of(".wh..opq");

  private final OpenLayers layers;
  private final Layer layer;
  private final Marks marks;
  private final MergeRules rules;
  private final Report report;
  private final MarkCheck markCheck;
  private final Formats formats;
  private final Deque<Pending> pending = new ArrayDeque<>();
  private final Stat stat = new Stat();

  /** Directories of one directory that are still to be looked at. */
  private record Pending(Place place, Deque<Name> names, Set<Name> broken) {}

  /**
   * A directory, and what it is merged with.
   *
   * @param lost whether it is below a mark that leads nowhere, so that what it hides is not known
   */
  private record Place(LayerDir dir, List<LayerDir> below, boolean lost) {}

  /**
   * @param provenance null for none
   */
  LayerCheck(
      OpenLayers layers,
      Layer layer,
      Report report,
      Origins origins,
      @Nullable Provenance provenance) {
    this.layers = layers;
    this.layer = layer;
    this.marks = layers.marks();
    this.rules = layers.merge();
    this.report = report;
    this.formats = new Formats(report);
    this.markCheck = new MarkCheck(layers, layer, report, origins, formats, provenance);
  }

  void run() throws IOException {
    LayerDir root = layer.root();
    markCheck.root(root);
    look(new Place(root, layersBelow(), false));
    while (!pending.isEmpty()) {
      Pending next = pending.getLast();
      Name name = next.names().poll();
      if (name == null) {
        pending.removeLast();
      } else {
        enter(next.place(), name, next.broken().contains(name));
      }
    }
  }

  private List<LayerDir> layersBelow() {
    List<Layer> lowers = layers.lowers();
    return lowers.subList(lowers.indexOf(layer) + 1, lowers.size()).stream()
        .map(Layer::root)
        .toList();
  }

  private void enter(Place place, Name name, boolean broken) throws IOException {
    LayerDir dir = place.dir();
    boolean lost = place.lost() || broken;
    List<LayerDir> parts;
    try {
      Resolution found = rules.resolve(dir, place.below(), name);
      parts = found.parts();
    } catch (ErrnoException e) {
      // a mark that leads nowhere, which was found already
      lost = true;
      parts = e.errno() == Errno.EIO ? List.of(dir.child(name)) : unreadable(dir, name, e);
    }
    if (!parts.isEmpty() && !parts.get(0).covered()) {
      look(new Place(parts.get(0), parts.subList(1, parts.size()), lost));
    }
  }

  private List<LayerDir> unreadable(LayerDir dir, Name name, ErrnoException e) throws IOException {
    if (e.errno() != Errno.ENOENT && e.errno() != Errno.ESTALE) { // else it went meanwhile
      report.unreadable(dir, name, e);
    }
    return List.of();
  }

  private void look(Place place) throws IOException {
    LayerDir dir = place.dir();
    Deque<Name> directories = new ArrayDeque<>();
    try (Fd listing = new Fd(layers.sys(), dir.openSelf());
        Dirents entries = Dirents.open(layers.sys(), listing.raw())) {
      markCheck.begin(dir);
      while (entries.next()) {
        if (!entries.isDotOrDotDot()) {
          report.looked(1);
          Name name = entries.name();
          if (entry(place, name, entries.type(), entries.ino())) {
            directories.add(name);
          }
        }
      }
    } catch (ErrnoException e) {
      unreadable(dir, Name.DOT, e);
    }
    if (!directories.isEmpty()) {
      pending.addLast(new Pending(place, directories, markCheck.broken()));
    }
  }

  /* Whether it is a directory to enter. */
  private boolean entry(Place place, Name name, int type, long ino) throws IOException {
    try {
      return look(place, name, type, ino);
    } catch (ErrnoException e) {
      unreadable(place.dir(), name, e);
      return false;
    }
  }

  private boolean look(Place place, Name name, int type, long ino)
      throws IOException, ErrnoException {
    LayerDir dir = place.dir();
    if (marks.whiteouts().isReserved(name)) {
      formats.dotName(dir, name);
      Name hidden = marks.whiteouts().hiddenBy(name);
      if (hidden != null) {
        checkHides(place, name, hidden);
      }
      return false;
    }
    List<Mark> found = List.of();
    SharedFd fd = dir.pin();
    try {
      found = marks.list(fd.fd(), name);
    } finally {
      fd.unpin();
    }
    boolean wantsStat =
        type == Linux.DT_DIR
            || !found.isEmpty()
            || layer.mayHide(ino)
            || Whiteouts.mayBeWhiteout(layer, type);
    if (!wantsStat) {
      return false;
    }
    int errno = dir.tryStat(name, stat);
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
    if (layer.hides(stat) || layer.covered(stat)) {
      return false; // no part of the layer
    }
    if (!found.isEmpty()) {
      markCheck.entry(dir, place.below(), name, found, stat);
    }
    if (marks.whiteouts().isWhiteout(dir, name, stat)) {
      formats.whiteout(dir, name, stat);
      checkHides(place, name, name);
    }
    return stat.isDirectory();
  }

  private void checkHides(Place place, Name whiteout, Name hidden) throws IOException {
    List<LayerDir> below = place.below();
    if (place.lost() || layer.isBottom() || whiteout.equals(OPAQUE_OF_OTHERS)) {
      return; // made for other layers below, or another mark
    }
    try {
      if (!below.isEmpty() && rules.resolve(below, hidden).exists()) {
        return;
      }
    } catch (ErrnoException e) {
      return; // something is there, though it cannot be shown
    }
    report.add(Problem.WHITEOUT_IDLE, place.dir(), whiteout, null, null, Repair.Kind.REMOVE);
  }

  /** Which formats of marks and whiteouts a layer has, told once. */
  static final class Formats {
    private final Report report;
    private Mark.@Nullable Space space;
    private @Nullable String whiteouts;
    private boolean toldSpaces;
    private boolean toldWhiteouts;

    Formats(Report report) {
      this.report = report;
    }

    void mark(LayerDir dir, Name name, Mark mark) throws IOException {
      if (mark.isOverlay() && !toldSpaces) {
        Mark.Space before = space;
        space = mark.space();
        if (before != null && before != space) {
          toldSpaces = true;
          report.add(Problem.MIXED_MARKS, dir, name, mark, null);
        }
      }
    }

    void dotName(LayerDir dir, Name name) throws IOException {
      whiteout(dir, name, "a .wh. name");
    }

    void whiteout(LayerDir dir, Name name, Stat stat) throws IOException {
      whiteout(dir, name, stat.isWhiteoutDevice() ? "a device" : "a file with an xattr");
    }

    private void whiteout(LayerDir dir, Name name, String format) throws IOException {
      String before = whiteouts;
      if (before == null) {
        whiteouts = format;
      } else if (!before.equals(format) && !toldWhiteouts) {
        toldWhiteouts = true;
        Name detail = Name.of("here " + format + ", elsewhere " + before);
        report.add(Problem.MIXED_WHITEOUTS, dir, name, null, detail);
      }
    }
  }
}
