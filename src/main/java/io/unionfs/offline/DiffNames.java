package io.unionfs.offline;

import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.stack.LowerIndex;
import io.unionfs.sys.Dirents;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Name;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/** The names of a directory under which there can be a change, in the order of their bytes. */
final class DiffNames {
  private DiffNames() {}

  /*
   * What the upper has, and what it hides. Only where the lowers' part of the directory is not what it was
   * are the lowers listed: in a directory that was made anew in the place of one.
   */
  static Collection<Name> of(Marks marks, DiffDir dir) throws ErrnoException {
    TreeSet<Name> names = new TreeSet<>();
    LayerDir upper = dir.upper();
    if (upper != null && !upper.covered()) {
      for (Name name : onDisk(upper)) {
        Name meant = marks.whiteouts().isReserved(name) ? marks.whiteouts().hiddenBy(name) : name;
        if (meant != null) {
          names.add(meant);
        }
      }
    }
    if (!dir.showsBefore()) {
      addShown(marks, dir.below(), names);
      addShown(marks, dir.before(), names);
    }
    return names;
  }

  private static void addShown(Marks marks, List<LayerDir> parts, Collection<Name> names)
      throws ErrnoException {
    LowerIndex index = LowerIndex.read(marks, parts);
    for (int i = 0; i < index.size(); i++) {
      if (index.isShown(i)) {
        names.add(index.name(i));
      }
    }
  }

  private static List<Name> onDisk(LayerDir dir) throws ErrnoException {
    List<Name> names = new ArrayList<>();
    try (Fd fd = new Fd(dir.sys(), dir.openSelf());
        Dirents entries = Dirents.open(dir.sys(), fd.raw())) {
      while (entries.next()) {
        if (!entries.isDotOrDotDot()) {
          names.add(entries.name());
        }
      }
    }
    return names;
  }
}
