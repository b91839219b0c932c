package io.unionfs.offline;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.layer.Marks.DirMark;
import io.unionfs.offline.Explanation.Copied;
import io.unionfs.offline.Explanation.State;
import io.unionfs.offline.LayerView.Role;
import io.unionfs.stack.Resolution;
import io.unionfs.stack.Resolution.Kind;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/*
 * What the union shows is what the merge rules say. What it does not show is looked for in each layer by
 * itself, under the same path: there it may be hidden by a layer above, or by itself hide what is below.
 */
/** Tells which layers make a path of a union what it is. */
public final class Explainer {
  private final OpenLayers layers;
  private final Marks marks;
  private final Origins origins;

  public Explainer(OpenLayers layers) {
    this.layers = layers;
    this.marks = layers.marks();
    this.origins = new Origins(layers);
  }

  /** Takes explanations. */
  public interface Sink {
    void take(Explanation explanation) throws IOException;

    /** Takes what could not be looked at. */
    void problem(Name path, int errno) throws IOException;
  }

  /** Explains a path, and with {@code recursive} all that the union shows below it. */
  public void explain(List<Name> path, boolean recursive, Sink sink) throws IOException {
    MergedDir dir = layers.root();
    Resolution found = null;
    try {
      for (int i = 0; i < path.size(); i++) {
        found = resolve(dir, path.get(i));
        if (i < path.size() - 1) {
          if (found == null || found.kind() != Kind.DIRECTORY) {
            found = null;
            break;
          }
          dir = dir.child(found);
        }
      }
      sink.take(explanation(path, found));
    } catch (ErrnoException e) {
      sink.problem(Paths.join(path), e.errno());
      return;
    }
    if (recursive && path.isEmpty()) {
      walk(dir, path, sink);
    } else if (recursive && found != null && found.kind() == Kind.DIRECTORY) {
      walk(dir.child(found), path, sink);
    }
  }

  private record Frame(MergedDir dir, List<Name> path, Iterator<Name> names) {}

  private void walk(MergedDir top, List<Name> path, Sink sink) throws IOException {
    Deque<Frame> open = new ArrayDeque<>();
    enter(top, path, open, sink);
    while (!open.isEmpty()) {
      Frame frame = open.element();
      if (!frame.names().hasNext()) {
        open.pop();
        continue;
      }
      Name name = frame.names().next();
      List<Name> at = Paths.child(frame.path(), name);
      try {
        Resolution found = resolve(frame.dir(), name);
        sink.take(explanation(at, found));
        if (found != null && found.kind() == Kind.DIRECTORY) {
          enter(frame.dir().child(found), at, open, sink);
        }
      } catch (ErrnoException e) {
        sink.problem(Paths.join(at), e.errno());
      }
    }
  }

  private static void enter(MergedDir dir, List<Name> path, Deque<Frame> open, Sink sink)
      throws IOException {
    try {
      open.push(new Frame(dir, path, dir.names().iterator()));
    } catch (ErrnoException e) {
      sink.problem(Paths.join(path), e.errno());
    }
  }

  private @Nullable Resolution resolve(MergedDir dir, Name name) throws ErrnoException {
    return marks.whiteouts().isReserved(name) ? null : dir.resolve(name);
  }

  private Explanation explanation(List<Name> path, @Nullable Resolution found)
      throws ErrnoException {
    if (path.isEmpty()) {
      return root();
    }
    Map<Layer, LayerView> views = new LinkedHashMap<>();
    for (Layer layer : layers.all()) {
      LayerView view = trace(layer, path);
      if (view != null) {
        views.put(layer, view);
      }
    }
    boolean exists = found != null && found.exists();
    List<LayerView> shown = new ArrayList<>();
    if (found == null || !exists) {
      hide(views);
      shown.addAll(views.values());
      State state = shown.isEmpty() ? State.ABSENT : State.DELETED;
      return new Explanation(Paths.join(path), state, null, shown, null, 0, null);
    }
    Side side = Side.of(found);
    Side copy = side.dir().layer() == layers.upper() ? null : origins.indexed(side);
    if (copy != null) {
      shown.add(view("index", copy.dir().layer(), Role.PROVIDES, copy));
    }
    addParts(found, side, copy == null ? Role.PROVIDES : Role.HIDDEN, views);
    shown.addAll(inOrder(views));
    return explained(path, copy == null ? side : copy, shown);
  }

  private List<LayerView> inOrder(Map<Layer, LayerView> views) {
    List<LayerView> ordered = new ArrayList<>();
    for (Layer layer : layers.all()) {
      LayerView view = views.get(layer);
      if (view != null) {
        ordered.add(view);
      }
    }
    return ordered;
  }

  private Explanation explained(List<Name> path, Side side, List<LayerView> shown)
      throws ErrnoException {
    boolean own = side.dir().layer() == layers.upper() || side.dir().layer() == layers.work();
    byte[] mark = own ? origins.mark(side) : null;
    FileHandle handle = own ? origins.handle(side) : null;
    Copied copied = null;
    Name index = null;
    if (mark != null && handle != null) {
      Origins.Found origin = origins.find(handle, path);
      copied =
          origin == null
              ? new Copied(null, null)
              : new Copied(layers.label(origin.layer()), Paths.join(origin.path()));
      index = origins.indexEntry(mark, side.stat());
    }
    return new Explanation(
        Paths.join(path),
        State.PRESENT,
        side.stat().type(),
        shown,
        copied,
        side.stat().nlink,
        index);
  }

  /* The first whiteout hides what is below; what has nothing above it is in the way itself. */
  private static void hide(Map<Layer, LayerView> views) {
    boolean first = true;
    for (Map.Entry<Layer, LayerView> each : views.entrySet()) {
      if (first) {
        each.setValue(withRole(each.getValue(), Role.HIDES));
        first = false;
      }
    }
  }

  private static LayerView withRole(LayerView view, Role role) {
    return new LayerView(
        view.layer(),
        view.directory(),
        role,
        view.path(),
        view.type(),
        view.opaque(),
        view.marks());
  }

  private void addParts(Resolution found, Side side, Role role, Map<Layer, LayerView> views)
      throws ErrnoException {
    put(views, role, side);
    for (int i = 1; i < found.parts().size(); i++) {
      put(views, Role.MERGED, Side.of(found.parts().get(i)));
    }
    Place data = found.data();
    if (data != null) {
      Stat stat = new Stat();
      int errno = data.dir().tryStat(data.name(), stat);
      if (errno != 0) {
        throw ErrnoException.of(errno);
      }
      put(views, Role.DATA, new Side(data.dir(), data.name(), stat, data));
    }
  }

  private void put(Map<Layer, LayerView> views, Role role, Side side) throws ErrnoException {
    Layer layer = side.dir().layer();
    views.put(layer, view(layers.label(layer), layer, role, side));
  }

  private LayerView view(String label, Layer layer, Role role, Side side) throws ErrnoException {
    boolean opaque =
        side.stat().isDirectory()
            && !layer.isBottom()
            && marks.dirMark(side.dir(), side.name(), side.dir().child(side.name(), side.stat()))
                == DirMark.OPAQUE;
    return new LayerView(
        label,
        layer.path(),
        role,
        Paths.join(Paths.child(Paths.inLayer(side.dir()), side.name())),
        side.stat().type(),
        opaque,
        OnDisk.marks(marks, side.dir(), side.name(), side.stat()));
  }

  private Explanation root() throws ErrnoException {
    List<LayerView> shown = new ArrayList<>();
    Stat stat = new Stat();
    for (Layer layer : layers.all()) {
      layer.root().stat(stat);
      shown.add(
          new LayerView(
              layers.label(layer),
              layer.path(),
              shown.isEmpty() ? Role.PROVIDES : Role.MERGED,
              Name.DOT,
              stat.type(),
              false,
              OnDisk.marks(marks, layer.root(), Name.DOT, stat)));
    }
    layers.all().get(0).root().stat(stat);
    return new Explanation(Name.DOT, State.PRESENT, stat.type(), shown, null, stat.nlink, null);
  }

  /* What a layer has at a path or in the way of it, by itself; null for nothing. */
  private @Nullable LayerView trace(Layer layer, List<Name> path) throws ErrnoException {
    LayerDir dir = layer.root();
    for (int i = 0; i < path.size(); i++) {
      Name name = path.get(i);
      if (marks.whiteouts().isReserved(name)) {
        return null;
      }
      Stat stat = new Stat();
      int errno = dir.tryStat(name, stat);
      if (errno != 0 && errno != Errno.ENOENT) {
        throw ErrnoException.of(errno);
      }
      boolean there = errno == 0 && !layer.hides(stat);
      if (!there) {
        boolean hides = !layer.isBottom() && marks.whiteouts().hidesBelow(dir, name);
        return hides ? whiteout(layer, dir, name, null) : null;
      }
      if (marks.whiteouts().isWhiteout(dir, name, stat)) {
        return whiteout(layer, dir, name, stat);
      }
      if (i == path.size() - 1 || !stat.isDirectory()) {
        Side side = new Side(dir, name, stat, new Place(dir, name));
        return view(layers.label(layer), layer, Role.HIDDEN, side);
      }
      dir = dir.child(name, stat);
    }
    return null;
  }

  private LayerView whiteout(Layer layer, LayerDir dir, Name name, @Nullable Stat stat)
      throws ErrnoException {
    return new LayerView(
        layers.label(layer),
        layer.path(),
        Role.HIDDEN,
        Paths.join(Paths.child(Paths.inLayer(dir), name)),
        null,
        false,
        OnDisk.marks(marks, dir, name, stat));
  }
}
