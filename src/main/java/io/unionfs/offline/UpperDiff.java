package io.unionfs.offline;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.layer.Redirect;
import io.unionfs.stack.MergeRules;
import io.unionfs.stack.Resolution;
import io.unionfs.stack.Resolution.Kind;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/*
 * Two walks over the upper, one to learn what was renamed and one to tell. Each name that the upper has, or
 * hides, is resolved twice by the rules of the mount: with the upper and without it. What only the lowers
 * have is never looked at, with one exception: where the upper has a directory of its own in the place of
 * one of the lowers (an opaque one), the names that are gone can only be told from a listing of the latter,
 * one directory at a time. A directory that is gone as a whole is one change.
 */
/** What an upper changes against the lowers. */
public final class UpperDiff {
  private final Marks marks;
  private final MergeRules rules;
  private final OpenLayers layers;
  private final Comparison comparison;
  private final DiffSink sink;
  private final Renames renames;
  private final Origins origins;

  /* Names that only lowers have: walked for when the first of them is told of. */
  private final boolean findsLinks;
  private @Nullable LowerNames lowerNames;

  /* In the first walk nothing is told, and problems only if there is no second one. */
  private boolean telling;
  private boolean tellsProblems;

  private final Deque<Frame> open = new ArrayDeque<>();

  private record Frame(DiffDir dir, Iterator<Name> names) {}

  private UpperDiff(OpenLayers layers, boolean readsContent, boolean findsLinks, DiffSink sink) {
    this.findsLinks = findsLinks;
    this.layers = layers;
    this.marks = layers.marks();
    this.rules = layers.merge();
    this.sink = sink;
    this.comparison = new Comparison(readsContent, bytes -> sink.progress(0, bytes));
    this.renames = new Renames();
    this.origins = new Origins(layers);
  }

  /**
   * Finds out what the upper changes below a path, and tells it in the order of paths.
   *
   * @param below the names of the path, empty for everything
   * @param readsContent whether files are read to see whether they differ; else size and
   *     modification time tell
   * @param findsLinks whether all that the lowers have is walked over for the other names of
   *     changed files; else they are only counted
   * @throws IOException if the path cannot be looked at, or the sink fails; the message is for the
   *     user
   * @throws IllegalArgumentException if there is no upper
   */
  public static void run(
      OpenLayers layers, List<Name> below, boolean readsContent, boolean findsLinks, DiffSink sink)
      throws IOException {
    UpperDiff diff = new UpperDiff(layers, readsContent, findsLinks, sink);
    diff.tellEach(List.of(below));
    if (below.isEmpty()) {
      diff.tellUnnamed();
    }
  }

  /** The same below each of several paths, one after the other. */
  static void runEach(
      OpenLayers layers, List<List<Name>> paths, boolean readsContent, DiffSink sink)
      throws IOException {
    new UpperDiff(layers, readsContent, false, sink).tellEach(paths);
  }

  private void tellEach(List<List<Name>> paths) throws IOException {
    learnRenames();
    tellsProblems = true;
    telling = true;
    for (List<Name> below : paths) {
      walk(below);
    }
  }

  /* The name under which a file was changed is gone, and the lowers have others. */
  private void tellUnnamed() throws IOException {
    List<Name> copies = origins.unnamedCopies();
    if (!findsLinks) {
      if (!copies.isEmpty()) {
        sink.unnamed(copies.size());
      }
      return;
    }
    for (Name entry : copies) {
      LowerNames.Found found = lowerNames().of(entry);
      if (found != null) {
        tellUnnamed(found);
      }
    }
  }

  private void tellUnnamed(LowerNames.Found found) throws IOException {
    for (Name name : found.paths()) {
      List<Name> path = Paths.split(name.bytes());
      try {
        Side copy = origins.indexed(found.lower());
        if (copy != null) {
          compare(path, found.lower(), copy);
        }
      } catch (ErrnoException e) {
        problem(path, e);
      }
    }
  }

  private LowerNames lowerNames() throws IOException {
    LowerNames known = lowerNames;
    if (known == null) {
      known = LowerNames.read(layers, origins, sink);
      lowerNames = known;
    }
    return known;
  }

  /**
   * Finds out what was renamed, by one walk over everything.
   *
   * @throws IOException if anything cannot be looked at; the message is for the user
   */
  static List<Renames.Renamed> renames(OpenLayers layers) throws IOException {
    UpperDiff diff = new UpperDiff(layers, false, false, new Renaming());
    diff.tellsProblems = true;
    diff.learnRenames();
    return diff.renames.all();
  }

  /** For who wants all renames, and so to know of what might be one. */
  private static final class Renaming implements DiffSink {
    @Override
    public void change(Change change) {
      throw new IllegalStateException("told by a first walk: " + change.path());
    }

    @Override
    public void problem(Name path, int errno) throws IOException {
      throw new IOException(path + ": " + Errno.message(errno));
    }
  }

  /* A rename may have brought things to a path from anywhere. */
  private void learnRenames() throws IOException {
    if (layers.upper() == null) {
      throw new IllegalArgumentException("there is no upper directory that could change anything");
    }
    walk(List.of());
    try {
      renames.settle();
    } catch (ErrnoException e) {
      throw new IOException("the lower directories: " + e.getMessage(), e);
    }
  }

  private void walk(List<Name> below) throws IOException {
    Layer upper = Objects.requireNonNull(layers.upper());
    List<LayerDir> lowers = layers.lowers().stream().map(Layer::root).toList();
    DiffDir root = new DiffDir(List.of(), List.of(), upper.root(), lowers, lowers);
    if (below.isEmpty()) {
      enter(root);
    } else {
      descend(root, below);
    }
    while (!open.isEmpty()) {
      Frame frame = open.element();
      if (frame.names().hasNext()) {
        look(frame.dir(), frame.names().next());
      } else {
        open.pop();
      }
    }
  }

  /* On the way to a path nothing is told but what concerns it. */
  private void descend(DiffDir root, List<Name> below) throws IOException {
    DiffDir at = root;
    for (int i = 0; i < below.size(); i++) {
      boolean last = i == below.size() - 1;
      telling = last;
      look(at, below.get(i));
      if (last || open.isEmpty()) {
        telling = true;
        return; // nothing is there, or nothing below is changed
      }
      at = open.pop().dir();
    }
  }

  private void enter(DiffDir dir) throws IOException {
    if (dir.upper() == null && dir.showsBefore()) {
      return;
    }
    Collection<Name> names;
    try {
      names = DiffNames.of(marks, dir);
    } catch (ErrnoException e) {
      problem(dir.path(), e);
      return;
    }
    open.push(new Frame(dir, names.iterator()));
  }

  private void look(DiffDir dir, Name name) throws IOException {
    try {
      sink.progress(1, 0);
      lookAt(dir, name);
    } catch (ErrnoException e) {
      problem(dir.path(name), e);
    }
  }

  private void problem(List<Name> path, ErrnoException e) throws IOException {
    if (tellsProblems) {
      sink.problem(Paths.join(path), e.errno());
    }
  }

  private void lookAt(DiffDir dir, Name name) throws ErrnoException, IOException {
    Resolution now = rules.resolve(dir.upper(), dir.below(), name);
    Resolution was = dir.before().isEmpty() ? null : existing(rules.resolve(dir.before(), name));
    if (was != null && renames.isMovedAway(dir.oldPath(name))) {
      was = null; // what was here is told where it is
    }
    if (now.kind() == Kind.DIRECTORY) {
      directory(dir, name, now, was);
    } else if (now.exists()) {
      file(dir, name, Side.of(now), was);
    } else if (was != null) {
      Side before = Side.of(was);
      if (!telling && was.kind() == Kind.FILE) {
        renames.source(dir.oldPath(name), before);
      }
      tell(Change.Kind.DELETED, dir.path(name), null, Set.of(), false, before, null);
    }
  }

  private static @Nullable Resolution existing(Resolution found) {
    return found.exists() ? found : null;
  }

  private void directory(DiffDir dir, Name name, Resolution now, @Nullable Resolution was)
      throws ErrnoException, IOException {
    List<LayerDir> parts = now.parts();
    LayerDir upper = parts.get(0).layer() == layers.upper() ? parts.get(0) : null;
    List<LayerDir> below = upper == null ? parts : parts.subList(1, parts.size());
    List<Name> from = upper == null || below.isEmpty() ? null : redirected(dir, name, upper);
    List<Name> path = dir.path(name);
    Side after = Side.of(now);
    if (from != null) {
      if (!telling) {
        renames.directory(from, path);
      }
      Side before = Side.of(below.get(0));
      tell(
          Change.Kind.RENAMED,
          path,
          Paths.join(from),
          aspects(before, after),
          was != null,
          before,
          after);
      enter(new DiffDir(path, from, upper, below, below));
      return;
    }
    boolean both = was != null && was.kind() == Kind.DIRECTORY;
    compare(path, was == null ? null : Side.of(was), after);
    List<LayerDir> before = both && was != null ? was.parts() : List.of();
    DiffDir child = new DiffDir(path, dir.oldPath(name), upper, below, before);
    enter(child.showsBefore() ? child.withBefore(below) : child);
  }

  /* Where the lowers have the content of an upper directory, if that is another place. */
  private @Nullable List<Name> redirected(DiffDir dir, Name name, LayerDir upper)
      throws ErrnoException {
    LayerDir parent = upper.parent();
    Redirect redirect = parent == null ? null : marks.redirect(parent, upper.name());
    if (redirect == null) {
      return null;
    }
    List<Name> from =
        redirect.absolute() ? redirect.names() : Paths.child(dir.oldPath(), redirect.last());
    return from.equals(dir.oldPath(name)) ? null : from;
  }

  private void file(DiffDir dir, Name name, Side after, @Nullable Resolution was)
      throws ErrnoException, IOException {
    List<Name> path = dir.path(name);
    Side before = was == null ? null : Side.of(was);
    if (!telling) {
      boolean own = after.dir().layer() == layers.upper();
      // null too where this process may not read marks
      FileHandle origin = own ? origins.handle(after) : null;
      if (own && !isCopyOf(origin, before)) {
        renames.target(path, origin);
        if (before != null && !before.stat().isDirectory()) {
          renames.source(dir.oldPath(name), before);
        }
      }
      return;
    }
    Side copy = after.dir().layer() == layers.upper() ? null : origins.indexed(after);
    if (copy != null) {
      compare(path, before, copy); // another name of the file was changed
      return;
    }
    Renames.Source source = renames.of(Paths.join(path));
    if (source != null) {
      Side moved = source.side();
      tell(
          Change.Kind.RENAMED,
          path,
          Paths.join(source.path()),
          aspects(moved, after),
          before != null,
          moved,
          after);
      return;
    }
    compare(path, before, after);
  }

  /* Whether the upper's file was copied up from the lower's of this name. */
  private static boolean isCopyOf(@Nullable FileHandle origin, @Nullable Side before)
      throws ErrnoException {
    return origin != null
        && before != null
        && !before.stat().isDirectory()
        && origin.equals(Renames.handle(before));
  }

  private void compare(List<Name> path, @Nullable Side before, Side after)
      throws ErrnoException, IOException {
    if (before == null) {
      tell(Change.Kind.ADDED, path, null, Set.of(), false, null, after);
      return;
    }
    Set<Aspect> aspects = aspects(before, after);
    if (!aspects.isEmpty()) {
      tell(Change.Kind.MODIFIED, path, null, aspects, false, before, after);
    }
  }

  private Set<Aspect> aspects(Side before, Side after) throws ErrnoException {
    return telling ? comparison.aspects(before, after) : EnumSet.noneOf(Aspect.class);
  }

  private void tell(
      Change.Kind kind,
      List<Name> path,
      @Nullable Name from,
      Set<Aspect> aspects,
      boolean replaces,
      @Nullable Side before,
      @Nullable Side after)
      throws ErrnoException, IOException {
    if (telling) {
      int more = after == null ? 0 : origins.moreNames(after, before);
      List<Name> links = after == null ? List.of() : links(after);
      sink.change(
          new Change(
              kind,
              Paths.join(path),
              from,
              aspects,
              replaces,
              version(before, 0, List.of()),
              version(after, findsLinks ? links.size() : more, links)));
    }
  }

  private List<Name> links(Side after) throws ErrnoException, IOException {
    Name entry = findsLinks ? origins.indexEntry(after) : null;
    if (entry == null) {
      return List.of();
    }
    LowerNames.Found found = lowerNames().of(entry);
    return found == null ? List.of() : found.paths();
  }

  private static Change.@Nullable Version version(
      @Nullable Side side, int moreNames, List<Name> lowerNames) {
    if (side == null) {
      return null;
    }
    boolean regular = side.stat().isRegular();
    return new Change.Version(
        side.stat().type(),
        side.stat().size,
        regular ? new FileContent(side.data()) : null,
        moreNames,
        lowerNames);
  }
}
