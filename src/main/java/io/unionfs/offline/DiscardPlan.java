package io.unionfs.offline;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.MarkRules;
import io.unionfs.layer.Marks;
import io.unionfs.layer.TreeRemoval;
import io.unionfs.stack.DiscardSteps;
import io.unionfs.stack.DiscardSteps.Entry;
import io.unionfs.stack.Resolution;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is to be taken out of an upper, checked as a whole before anything is. */
final class DiscardPlan {
  /** A copy with several names: its entry in the index, and how many of its names go. */
  private static final class Linked {
    final Name path;
    final int nlink;
    final Name index;
    int going;

    Linked(Name path, int nlink, Name index) {
      this.path = path;
      this.nlink = nlink;
      this.index = index;
    }
  }

  private record Inode(long dev, long ino) {
    static Inode of(Side side) {
      return new Inode(side.stat().dev, side.stat().ino);
    }
  }

  private final OpenLayers layers;
  private final Marks marks;
  private final Origins origins;
  private final LowerPaths lowers;
  private final ShownAgain shownAgain;
  private final List<Entry> entries = new ArrayList<>();
  private final Map<Long, Linked> linked = new LinkedHashMap<>();

  /* Entries of the index that go without a name of the upper, and whether all of them do. */
  private final Set<Name> unnamed = new LinkedHashSet<>();
  private boolean everything;

  /* Lower files with several names whose copies go, by their inodes; not asked for is null. */
  private @Nullable Set<Inode> originals;

  private DiscardPlan(OpenLayers layers) {
    this.layers = layers;
    this.marks = layers.marks();
    this.origins = new Origins(layers);
    this.lowers = new LowerPaths(layers);
    this.shownAgain = new ShownAgain(layers, origins, lowers);
  }

  /**
   * Makes a plan.
   *
   * @param live whether the union is mounted meanwhile: then a renamed directory cannot go, of
   *     whose lower content programs may have anything open under its new name
   * @throws IOException if a path cannot be given back to the lowers by itself
   */
  static DiscardPlan of(OpenLayers layers, List<List<Name>> paths, boolean live)
      throws IOException {
    DiscardPlan plan = new DiscardPlan(layers);
    plan.addAll(paths, live);
    return plan;
  }

  private void addAll(List<List<Name>> paths, boolean live) throws IOException {
    refuseRenames(paths, live);
    for (List<Name> path : paths) {
      try {
        add(path);
      } catch (ErrnoException e) {
        throw new IOException(Paths.join(path) + ": " + Errno.message(e.errno()), e);
      }
    }
    refuseSomeLinks();
  }

  /** The same, and what {@link #takesCopyOf} has to know. */
  static DiscardPlan withOriginals(OpenLayers layers, List<List<Name>> paths, boolean live)
      throws IOException {
    DiscardPlan plan = new DiscardPlan(layers);
    plan.originals = new HashSet<>();
    plan.addAll(paths, live);
    return plan;
  }

  /**
   * What is to be done, with marks before objects: a name beside which one stands is never gone.
   */
  DiscardSteps steps() throws ErrnoException {
    Set<Name> copies = new LinkedHashSet<>(unnamed);
    for (Linked file : linked.values()) {
      copies.add(file.index);
    }
    List<Entry> ordered = new ArrayList<>(entries);
    ordered.sort(Comparator.comparing(entry -> !entry.mark()));
    return DiscardSteps.of(copies, ordered, leftInIndex(copies));
  }

  /* What has another name is not known, so it is somebody's. */
  private List<Name> leftInIndex(Set<Name> copies) throws ErrnoException {
    LayerDir index = everything ? layers.index() : null;
    if (index == null) {
      return List.of();
    }
    List<Name> left = new ArrayList<>();
    for (Name name : index.names()) {
      boolean known = IndexNames.origin(name) != null || IndexNames.numbered(name) != null;
      if (known && !copies.contains(name)) {
        left.add(name);
      }
    }
    return List.copyOf(left);
  }

  private void refuseRenames(List<List<Name>> paths, boolean live) throws IOException {
    for (Renames.Renamed each : UpperDiff.renames(layers)) {
      if (each.directory()) {
        shownAgain.moved(each.from(), each.to());
      }
      boolean goes = isBelow(paths, each.to());
      String renamed = Paths.join(each.from()) + " was renamed to " + Paths.join(each.to());
      if (isBelow(paths, each.from()) != goes) {
        throw new IOException(renamed + "; discard both or neither");
      }
      if (live && goes && each.directory()) {
        throw new IOException(
            renamed + " with what the lowers have in it; unmount the union to discard that");
      }
    }
  }

  private static boolean isBelow(List<List<Name>> paths, List<Name> path) {
    return shortestAbove(paths, path) >= 0;
  }

  /* The number of names of that one of some paths that a path is or is below; -1 for none. */
  private static int shortestAbove(List<List<Name>> paths, List<Name> path) {
    return paths.stream()
        .filter(each -> each.size() <= path.size() && path.subList(0, each.size()).equals(each))
        .mapToInt(List::size)
        .min()
        .orElse(-1);
  }

  /** See {@link Discard#takes}. */
  static boolean takes(OpenLayers layers, List<List<Name>> paths, List<Name> path)
      throws ErrnoException {
    DiscardPlan plan = new DiscardPlan(layers);
    int from = shortestAbove(paths, path);
    if (from < 0) {
      return false;
    }
    // the root itself always stays
    for (int length = Math.max(from, 1); length <= path.size(); length++) {
      if (!plan.stays(path.subList(0, length))) {
        return true;
      }
    }
    return false;
  }

  /**
   * The lower file with several names that the union has at a path where the upper has nothing, so
   * that it may show a copy made under another name; null if it has none.
   */
  static @Nullable Side lowerLink(OpenLayers layers, List<Name> path) throws ErrnoException {
    MergedDir dir = layers.root();
    for (int i = 0; i < path.size(); i++) {
      Resolution found = dir.resolve(path.get(i));
      if (found.kind() == Resolution.Kind.DIRECTORY) {
        dir = dir.child(found);
        continue;
      }
      boolean last = i == path.size() - 1 && found.kind() == Resolution.Kind.FILE;
      Side side = last ? Side.of(found) : null;
      boolean link = side != null && side.dir().layer() != layers.upper() && side.stat().nlink > 1;
      return link ? side : null;
    }
    return null;
  }

  /**
   * Whether the copy goes that a lower file with several names has under one of them; of a plan
   * {@link #withOriginals}.
   */
  boolean takesCopyOf(Side lower) throws ErrnoException {
    Side copy = origins.indexed(lower);
    if (copy != null) {
      return unnamed.contains(copy.name())
          || linked.values().stream().anyMatch(file -> file.index.equals(copy.name()));
    }
    Set<Inode> known = originals;
    return known != null && known.contains(Inode.of(lower));
  }

  private boolean stays(List<Name> path) throws ErrnoException {
    DiffDir dir = directory(path);
    if (dir != null) {
      return dir.upper() == null || (!dir.before().isEmpty() && dir.showsBefore());
    }
    DiffDir parent = directory(path.subList(0, path.size() - 1));
    LayerDir upper = parent == null ? null : parent.upper();
    if (upper != null && upper.tryStat(path.get(path.size() - 1), new Stat()) != Errno.ENOENT) {
      return false;
    }
    Resolution found = lowers.find(path);
    boolean file = found != null && found.kind() == Resolution.Kind.FILE;
    return !file || found == null || origins.indexed(Side.of(found)) == null;
  }

  private void add(List<Name> path) throws ErrnoException, IOException {
    Layer upper = layers.upper();
    if (upper == null) {
      return;
    }
    if (path.isEmpty()) {
      everything = true;
      for (Name name : upper.root().names()) {
        addEntry(List.of(), upper.root(), name);
      }
      return;
    }
    if (path.stream().anyMatch(marks.whiteouts()::isReserved)) {
      return; // no path of the union
    }
    List<Name> parent = path.subList(0, path.size() - 1);
    Name name = path.get(path.size() - 1);
    DiffDir dir = directory(parent);
    LayerDir present = dir == null ? null : dir.upper();
    boolean restores = dir != null && dir.showsBefore() && dir.path().equals(dir.oldPath());
    if (!restores && lowers.find(path) != null) {
      throw new IOException(
          Paths.join(path)
              + ": a directory above it was deleted, renamed or made anew; discard that one");
    }
    boolean there = false;
    if (present != null) {
      Name beside = marks.whiteouts().beside(name);
      there = addIfThere(parent, present, name);
      if (beside != null) {
        addIfThere(parent, present, beside);
      }
    }
    if (restores && !there) {
      addUnnamed(path);
    }
  }

  /* Whether it is. */
  private boolean addIfThere(List<Name> parent, LayerDir dir, Name name) throws ErrnoException {
    Stat stat = new Stat();
    int errno = dir.tryStat(name, stat);
    if (errno != 0 && errno != Errno.ENOENT) {
      throw ErrnoException.of(errno);
    }
    if (errno == 0) {
      addEntry(parent, dir, name);
    }
    return errno == 0;
  }

  private void addEntry(List<Name> parent, LayerDir dir, Name name) throws ErrnoException {
    Stat stat = Discard.statOf(dir, name);
    if (dir.layer().hides(stat)) {
      return; // the work dir
    }
    boolean mark =
        marks.whiteouts().isReserved(name) || marks.whiteouts().isWhiteout(dir, name, stat);
    if (!isBesideObject(dir, name)) {
      countLinks(parent, dir, name, stat);
    }
    entries.add(new Entry(parent, name, mark, shownAgain.take()));
  }

  /* What a mark hides shows again when the object goes that stands under the name. */
  private boolean isBesideObject(LayerDir dir, Name mark) throws ErrnoException {
    boolean beside = marks.whiteouts().isReserved(mark);
    Name hidden = beside ? marks.whiteouts().hiddenBy(mark) : null;
    return hidden != null && dir.tryStat(hidden, new Stat()) == 0;
  }

  /* Everything in a tree that goes is looked at once. */
  private void countLinks(List<Name> parent, LayerDir top, Name first, Stat firstStat)
      throws ErrnoException {
    if (layers.index() == null && originals == null) {
      return;
    }
    count(Paths.child(parent, first), top, first, firstStat);
    if (!firstStat.isDirectory()) {
      return;
    }
    record Open(List<Name> path, LayerDir dir) {}
    Deque<Open> open = new ArrayDeque<>();
    open.push(new Open(Paths.child(parent, first), top.child(first, firstStat)));
    while (!open.isEmpty()) {
      Open at = open.pop();
      for (Name name : at.dir().names()) {
        Stat stat = Discard.statOf(at.dir(), name);
        List<Name> path = Paths.child(at.path(), name);
        count(path, at.dir(), name, stat);
        if (stat.isDirectory()) {
          open.push(new Open(path, at.dir().child(name, stat)));
        }
      }
    }
  }

  private void count(List<Name> path, LayerDir dir, Name name, Stat stat) throws ErrnoException {
    if (marks.whiteouts().isReserved(name)) {
      Name hidden = marks.whiteouts().hiddenBy(name);
      if (hidden != null && !isBesideObject(dir, name)) {
        shownAgain.count(Paths.child(path.subList(0, path.size() - 1), hidden), true);
      }
      return;
    }
    Side side = new Side(dir, name, stat, new Resolution.Place(dir, name));
    boolean several = !stat.isDirectory() && stat.nlink > 1;
    byte[] mark = several ? origins.mark(side) : null;
    Name index = mark == null ? null : origins.indexEntry(mark, stat);
    if (index == null) {
      addOriginal(path, side);
    } else {
      linked.computeIfAbsent(stat.ino, ino -> new Linked(Paths.join(path), stat.nlink, index))
          .going++;
    }
    shownAgain.count(path, !isMerged(side));
  }

  private boolean isMerged(Side side) throws ErrnoException {
    Stat stat = side.stat();
    return stat.isDirectory()
        && marks.redirect(side.dir(), side.name()) == null
        && marks.dirMark(side.dir(), side.name(), side.dir().child(side.name(), stat))
            != Marks.DirMark.OPAQUE;
  }

  /* A copy without an entry in the index is told by the name that it has in common. */
  private void addOriginal(List<Name> path, Side upper) throws ErrnoException {
    Set<Inode> known = originals;
    if (known == null || upper.stat().isDirectory() || isWhiteout(upper)) {
      return;
    }
    Resolution found = lowers.find(path);
    Side lower =
        found != null && found.kind() == Resolution.Kind.FILE && Side.of(found).stat().nlink > 1
            ? Side.of(found)
            : null;
    if (lower == null) {
      return;
    }
    FileHandle handle = layers.index() == null ? null : Renames.handle(lower);
    if (handle == null || handle.equals(origins.handle(upper))) {
      known.add(Inode.of(lower));
    }
  }

  private boolean isWhiteout(Side side) throws ErrnoException {
    return marks.whiteouts().isWhiteout(side.dir(), side.name(), side.stat());
  }

  private void refuseSomeLinks() throws IOException {
    for (Linked file : linked.values()) {
      if (file.nlink > file.going + 1) {
        throw new IOException(
            file.path
                + ": a file with several names was changed, and "
                + (file.nlink - file.going - 1)
                + " more of them are elsewhere; discard all of them");
      }
    }
  }

  /* The name is only a lower's, and what it shows is a copy that another name has made. */
  private void addUnnamed(List<Name> path) throws ErrnoException, IOException {
    Resolution found = lowers.find(path);
    if (found == null || found.kind() != Resolution.Kind.FILE) {
      return;
    }
    Side copy = origins.indexed(Side.of(found));
    if (copy == null) {
      return;
    }
    if (copy.stat().nlink > 1) {
      throw new IOException(
          Paths.join(path) + ": was changed under another name of the same file; discard that one");
    }
    unnamed.add(copy.name());
  }

  /* A directory of the union beside the lowers'; null where the union has none. */
  private @Nullable DiffDir directory(List<Name> path) throws ErrnoException {
    MergedDir now = layers.root();
    MergedDir was = layers.lowerRoot();
    boolean before = true;
    for (Name name : path) {
      Resolution found = now.resolve(name);
      if (found.kind() != Resolution.Kind.DIRECTORY) {
        return null;
      }
      now = now.child(found);
      Resolution old = before ? was.resolve(name) : null;
      before = old != null && old.kind() == Resolution.Kind.DIRECTORY;
      if (before && old != null) {
        was = was.child(old);
      }
    }
    List<LayerDir> parts = now.parts();
    boolean own = parts.get(0).layer() == layers.upper();
    return new DiffDir(
        path,
        path,
        own ? parts.get(0) : null,
        own ? parts.subList(1, parts.size()) : parts,
        before ? was.parts() : List.of());
  }

  /** Does it. */
  static void run(DiscardSteps steps, StagingDir staging, MarkRules rules) throws ErrnoException {
    LayerDir index = staging.work().root().child(Name.of("index"));
    boolean counts = steps.entries().stream().anyMatch(entry -> !entry.shownAgain().isEmpty());
    LinkCounts links =
        counts ? new LinkCounts(Marks.probe(index.sys(), staging.workDir(), rules), index) : null;
    // first, so that whatever comes in between, a name shows its copy or what the lowers have, and
    // that the upper still has the names by which this can be done again
    for (Name name : steps.copies()) {
      staging.unlink(index, name);
    }
    for (Entry entry : steps.entries()) {
      LayerDir dir = staging.directory(entry.directory());
      if (links == null) {
        remove(staging, dir, entry);
      } else {
        links.with(entry, dir, () -> remove(staging, dir, entry));
      }
    }
    for (Name name : steps.index()) {
      TreeRemoval.remove(index, name);
    }
  }

  private static void remove(StagingDir staging, LayerDir dir, Entry entry) throws ErrnoException {
    if (entry.mark()) {
      staging.unlink(dir, entry.name());
    } else {
      staging.take(dir, entry.name());
    }
  }
}
