package io.unionfs.offline.fsck;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Mark;
import io.unionfs.layer.Marks;
import io.unionfs.layer.Origin;
import io.unionfs.layer.Redirect;
import io.unionfs.offline.OpenLayers;
import io.unionfs.offline.Paths;
import io.unionfs.offline.fsck.LayerCheck.Formats;
import io.unionfs.stack.MergeRules;
import io.unionfs.stack.Resolution;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The check of the marks of one layer's objects. */
final class MarkCheck {
  private static final Pattern COUNT = Pattern.compile("[UL][+-][0-9]{1,9}");
  private static final int SHOWN_BYTES = 256;

  private final OpenLayers layers;
  private final @Nullable Provenance provenance;
  private final Marks marks;
  private final MergeRules rules;
  private final Layer layer;
  private final Report report;
  private final Origins origins;
  private final Formats formats;
  private final Targets targets;
  private final @Nullable LayerDir index;
  private final Stat scratch = new Stat();

  /* Of the directory that is being looked at; null until it is asked for. */
  private @Nullable Boolean announced;
  private LayerDir current;
  private Set<Name> broken = new HashSet<>();

  /**
   * @param provenance null for none
   */
  MarkCheck(
      OpenLayers layers,
      Layer layer,
      Report report,
      Origins origins,
      Formats formats,
      @Nullable Provenance provenance) {
    this.layers = layers;
    this.provenance = provenance;
    this.marks = layers.marks();
    this.rules = layers.merge();
    this.layer = layer;
    this.report = report;
    this.origins = origins;
    this.formats = formats;
    this.targets = new Targets(layers, layer);
    this.current = layer.root();
    this.index = layer == layers.upper() ? indexOf(layers) : null;
  }

  private static @Nullable LayerDir indexOf(OpenLayers layers) {
    try {
      return layers.index();
    } catch (ErrnoException e) {
      return null; // its own check says so
    }
  }

  /** Begins with the entries of a directory. */
  void begin(LayerDir dir) {
    current = dir;
    announced = null;
    broken = new HashSet<>();
  }

  /** The directories of it whose redirect marks lead nowhere, or are not followed. */
  Set<Name> broken() {
    return Set.copyOf(broken);
  }

  /** Checks the marks of the layer's root. */
  void root(LayerDir root) throws IOException {
    try {
      SharedFd fd = root.pin();
      try {
        for (Mark mark : marks.list(fd.fd(), Name.DOT)) {
          if (mark.isOverlay() && mark.key().equals("opaque")) {
            opaque(root, Name.DOT, mark, marks.value(fd.fd(), Name.DOT, mark));
          }
        }
      } finally {
        fd.unpin();
      }
    } catch (ErrnoException e) {
      report.unreadable(root, Name.DOT, e);
    }
  }

  /** Checks the marks of an entry. */
  void entry(LayerDir dir, List<LayerDir> below, Name name, List<Mark> found, Stat stat)
      throws IOException, ErrnoException {
    SharedFd fd = dir.pin();
    try {
      for (Mark mark : found) {
        formats.mark(dir, name, mark);
        if (mark.isOverlay()) { // fuse-overlayfs has its own, with other values
          byte[] value = marks.value(fd.fd(), name, mark);
          check(dir, below, name, mark, value, stat);
        }
      }
    } finally {
      fd.unpin();
    }
  }

  private void check(
      LayerDir dir, List<LayerDir> below, Name name, Mark mark, byte @Nullable [] value, Stat stat)
      throws IOException, ErrnoException {
    switch (mark.key()) {
      case "opaque" -> {
        if (stat.isDirectory()) {
          opaque(dir, name, mark, value);
        } else {
          misplaced(Problem.OPAQUE_MISPLACED, dir, name, mark);
        }
      }
      case "redirect" -> redirect(dir, below, name, mark, value, stat);
      case "metacopy" -> metacopy(dir, below, name, mark, stat);
      case "whiteout" -> whiteout(dir, name, mark, stat);
      case "origin" -> origin(dir, name, mark, value);
      case "nlink" -> nlink(dir, name, mark, value, stat);
      default -> {
        // means nothing that could be wrong
      }
    }
  }

  private void misplaced(Problem problem, LayerDir dir, Name name, Mark mark) throws IOException {
    report.add(problem, dir, name, mark, null, Repair.Kind.REMOVE_MARK);
  }

  private void opaque(LayerDir dir, Name name, Mark mark, byte @Nullable [] value)
      throws IOException {
    boolean known = value == null || (value.length == 1 && (value[0] == 'y' || value[0] == 'x'));
    if (!known) {
      report.add(Problem.OPAQUE_UNKNOWN, dir, name, mark, shown(value));
    }
  }

  private static @Nullable Name shown(byte @Nullable [] value) {
    return value == null
        ? null
        : Name.of(Arrays.copyOf(value, Math.min(value.length, SHOWN_BYTES)));
  }

  private void redirect(
      LayerDir dir, List<LayerDir> below, Name name, Mark mark, byte @Nullable [] value, Stat stat)
      throws IOException, ErrnoException {
    if (value == null) {
      return;
    }
    if (!stat.isDirectory() && !stat.isRegular()) {
      misplaced(Problem.REDIRECT_MISPLACED, dir, name, mark);
      return;
    }
    if (!isPath(value)) {
      broken.add(name);
      report.add(Problem.REDIRECT_BAD, dir, name, mark, shown(value));
    } else if (stat.isDirectory() && !layer.isBottom()) {
      if (marks.follows(mark.space())) {
        target(dir, below, name, mark, value);
      } else {
        broken.add(name);
        report.add(Problem.REDIRECT_NOT_FOLLOWED, dir, name, mark, shown(value));
      }
    }
  }

  private static boolean isPath(byte[] value) {
    try {
      Redirect.parse(value);
      return true;
    } catch (ErrnoException e) {
      return false;
    }
  }

  private void target(LayerDir dir, List<LayerDir> below, Name name, Mark mark, byte[] value)
      throws IOException, ErrnoException {
    if (marks.dirMark(dir, name, dir.child(name)) != Marks.DirMark.REDIRECT) {
      return; // opaque as well: nothing below counts
    }
    Resolution found;
    try {
      found = rules.resolve(dir, below, name);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EIO) {
        throw e;
      }
      broken.add(name);
      report.add(Problem.REDIRECT_NOWHERE, dir, name, mark, shown(value));
      return;
    }
    if (found.parts().size() < 2) {
      broken.add(name);
      report.add(Problem.REDIRECT_NOWHERE, dir, name, mark, shown(value));
    } else {
      Name other = targets.otherPlace(dir, name, found.parts().get(1));
      if (other != null) {
        report.add(Problem.REDIRECT_TWICE, dir, name, mark, other);
      }
    }
  }

  private void metacopy(LayerDir dir, List<LayerDir> below, Name name, Mark mark, Stat stat)
      throws IOException, ErrnoException {
    if (!stat.isRegular()) {
      misplaced(Problem.METACOPY_MISPLACED, dir, name, mark);
    } else if (!marks.follows(mark.space())) {
      report.add(Problem.METACOPY_NOT_FOLLOWED, dir, name, mark, null);
    } else {
      try {
        rules.resolve(dir, below, name);
      } catch (ErrnoException e) {
        if (e.errno() != Errno.EIO) {
          throw e;
        }
        report.add(Problem.METACOPY_NO_DATA, dir, name, mark, null);
      }
    }
  }

  private void whiteout(LayerDir dir, Name name, Mark mark, Stat stat)
      throws IOException, ErrnoException {
    if (!stat.isRegular() || stat.size != 0) {
      misplaced(Problem.WHITEOUT_MISPLACED, dir, name, mark);
    } else if (!layer.xattrWhiteouts() || !isAnnounced(dir)) {
      report.add(Problem.WHITEOUT_UNANNOUNCED, dir, name, mark, null, Repair.Kind.ANNOUNCE);
    }
  }

  /* Whether the directory says that it holds such whiteouts, or is opaque, so that they hide nothing. */
  private boolean isAnnounced(LayerDir dir) throws ErrnoException {
    Boolean known = dir == current ? announced : null;
    if (known != null) {
      return known;
    }
    boolean says = false;
    SharedFd fd = dir.pin();
    try {
      for (Mark mark : marks.list(fd.fd(), Name.DOT)) {
        says |=
            mark.isOverlay()
                && mark.key().equals("opaque")
                && marks.value(fd.fd(), Name.DOT, mark) != null;
      }
    } finally {
      fd.unpin();
    }
    announced = says;
    return says;
  }

  private void origin(LayerDir dir, Name name, Mark mark, byte @Nullable [] value)
      throws IOException, ErrnoException {
    if (value == null || value.length == 0 || layer.isBottom()) {
      return; // the kernel's way to say that the lower has no handles; or of other layers below
    }
    FileHandle handle = Origin.decode(value);
    if (handle == null) {
      report.add(Problem.ORIGIN_BAD, dir, name, mark, null, Repair.Kind.REMOVE_MARK);
      return;
    }
    Provenance told = provenance;
    if (told != null) {
      told.add(layers.haveOrigin(handle, Paths.child(Paths.inLayer(dir), name)));
    }
    if (origins.find(handle, scratch) == Origins.Answer.GONE) {
      report.add(Problem.ORIGIN_GONE, dir, name, mark, null);
    }
  }

  private void nlink(LayerDir dir, Name name, Mark mark, byte @Nullable [] value, Stat stat)
      throws IOException, ErrnoException {
    if (value == null || layer.isBottom() || stat.isDirectory()) {
      return;
    }
    if (!COUNT.matcher(new String(value, StandardCharsets.ISO_8859_1)).matches()) {
      report.add(Problem.NLINK_BAD, dir, name, mark, shown(value));
      return;
    }
    byte[] origin = marks.originMark(dir, name);
    LayerDir entries = index;
    if (entries == null || origin == null) {
      return;
    }
    int errno = entries.tryStat(Origin.indexName(origin), scratch);
    if (errno == Errno.ENOENT || (errno == 0 && scratch.ino != stat.ino)) {
      report.add(Problem.NLINK_APART, dir, name, mark, null);
    }
  }
}
