package io.unionfs.image;

import io.unionfs.image.IndexedFiles.Copy;
import io.unionfs.image.LayerEntry.Kind;
import io.unionfs.image.LayerUnpacking.Watcher;
import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks.DirMark;
import io.unionfs.offline.MergedDir;
import io.unionfs.offline.OpenLayers;
import io.unionfs.offline.Paths;
import io.unionfs.stack.LowerIndex;
import io.unionfs.stack.Resolution;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/*
 * What the upper has becomes entries as it is, in the order of the names' bytes. What it has only by
 * reference becomes whole, because no other reader follows such marks: a directory whose content below is
 * at another place, a file whose data are in a lower, a copy's names that only lowers have.
 */
/** Makes entries of what an upper changes. */
final class LayerPacker {
  private final OpenLayers layers;
  private final Layer upper;
  private final LayerSink sink;
  private final Watcher watcher;
  private final ObjectReader objects;
  private final IndexedFiles indexed;

  /* The first path of each file with several names. */
  private final Map<HostInode, EntryPath> links = new HashMap<>();
  private final Set<EntryPath> copied = new HashSet<>();
  private final Set<EntryPath> sockets = new TreeSet<>();

  private LayerPacker(
      OpenLayers layers, Layer upper, ObjectReader objects, LayerSink sink, Watcher watcher)
      throws ErrnoException {
    this.layers = layers;
    this.upper = upper;
    this.sink = sink;
    this.watcher = watcher;
    this.objects = objects;
    this.indexed = IndexedFiles.of(layers);
  }

  /**
   * Hands on all entries.
   *
   * @param watcher hears that the search goes on where it finds no entries
   * @return the sockets, which a layer cannot hold
   * @throws LayerException with a message for the user
   */
  static Set<EntryPath> pack(OpenLayers layers, LayerSink sink, Watcher watcher)
      throws IOException {
    return pack(layers, new ObjectReader(layers.sys()), sink, watcher);
  }

  /** The same with files that are read as somebody else wants. */
  static Set<EntryPath> pack(
      OpenLayers layers, ObjectReader objects, LayerSink sink, Watcher watcher) throws IOException {
    Layer upper = layers.upper();
    if (upper == null) {
      throw new LayerException("the union has no upper directory, so there is nothing to commit");
    }
    EntryPath[] at = {EntryPath.ROOT};
    try {
      LayerPacker packer =
          new LayerPacker(
              layers,
              upper,
              objects,
              (entry, content) -> {
                at[0] = entry.path().checked();
                Interruptions.check();
                sink.put(entry, content);
              },
              watcher);
      packer.packAll();
      return packer.sockets;
    } catch (ErrnoException e) {
      throw new LayerException(
          upper + ": at or behind " + at[0] + ": " + Errno.message(e.errno()), e);
    }
  }

  private void packAll() throws IOException, ErrnoException {
    MergedDir root = layers.root();
    Stat stat = new Stat();
    upper.root().stat(stat);
    putDirectory(new Place(upper.root(), Name.DOT), stat, EntryPath.ROOT);
    walk(new UpperWalk(root, upper.root(), EntryPath.ROOT, false));
    if (indexed.hasOtherNames()) {
      walk(new OtherNamesWalk(root, List.of(), false, new ArrayList<>()));
    }
  }

  /* Without recursion: a tree may be deeper than a stack. */
  private static void walk(Walk first) throws IOException, ErrnoException {
    Deque<Walk> open = new ArrayDeque<>();
    open.push(first);
    while (!open.isEmpty()) {
      Walk at = open.element();
      Walk below = at.hasNext() ? at.next() : null;
      if (below != null) {
        open.push(below);
      } else if (!at.hasNext()) {
        open.pop().leave();
      }
    }
  }

  /** The way through one directory. */
  private interface Walk {
    boolean hasNext();

    /** Deals with one name; the way through a directory that it is, which comes first, or null. */
    @Nullable Walk next() throws IOException, ErrnoException;

    /** What is to be done when all that is below is done. */
    default void leave() {}
  }

  private void putDirectory(Place place, Stat stat, EntryPath path)
      throws IOException, ErrnoException {
    sink.put(
        LayerEntry.node(Kind.DIRECTORY, path, objects.attributes(place, stat), 0),
        LayerSink.NOTHING);
  }

  /* What a directory of the upper itself has. In an opaque one whiteouts hide nothing. */
  private final class UpperWalk implements Walk {
    private final MergedDir merged;
    private final LayerDir dir;
    private final EntryPath path;
    private final boolean opaque;
    private final Iterator<Map.Entry<Name, Boolean>> names;

    UpperWalk(MergedDir merged, LayerDir dir, EntryPath path, boolean opaque)
        throws ErrnoException {
      this.merged = merged;
      this.dir = dir;
      this.path = path;
      this.opaque = opaque;
      LowerIndex own = LowerIndex.read(layers.marks(), List.of(dir));
      TreeMap<Name, Boolean> sorted = new TreeMap<>();
      for (int i = 0; i < own.size(); i++) {
        sorted.put(own.name(i), own.isShown(i));
      }
      this.names = sorted.entrySet().iterator();
    }

    @Override
    public boolean hasNext() {
      return names.hasNext();
    }

    @Override
    public @Nullable Walk next() throws IOException, ErrnoException {
      Map.Entry<Name, Boolean> each = names.next();
      EntryPath child = path.child(each.getKey());
      if (each.getValue()) {
        return packName(merged, dir, each.getKey(), child);
      }
      if (!opaque) {
        sink.put(LayerEntry.mark(Kind.WHITEOUT, child), LayerSink.NOTHING);
      }
      return null;
    }
  }

  private @Nullable Walk packName(MergedDir merged, LayerDir dir, Name name, EntryPath path)
      throws IOException, ErrnoException {
    Resolution found = merged.resolve(name);
    Stat stat = found.stat();
    if (!found.exists() || stat == null) {
      return null; // gone by now: a live upper
    }
    if (found.kind() == Resolution.Kind.FILE) {
      putFile(found, stat, path);
      return null;
    }
    LayerDir child = dir.child(name, stat);
    DirMark mark = layers.marks().dirMark(dir, name, child);
    putDirectory(new Place(dir, name), stat, path);
    if (mark != DirMark.NONE) {
      sink.put(LayerEntry.mark(Kind.OPAQUE, path), LayerSink.NOTHING);
    }
    return mark == DirMark.REDIRECT
        ? new WholeWalk(merged.child(found), path)
        : new UpperWalk(merged.child(found), child, path, mark == DirMark.OPAQUE);
  }

  /* All that a directory shows, whichever layer has it. */
  private final class WholeWalk implements Walk {
    private final MergedDir merged;
    private final EntryPath path;
    private final Iterator<Name> names;

    WholeWalk(MergedDir merged, EntryPath path) throws ErrnoException {
      this.merged = merged;
      this.path = path;
      this.names = merged.names().iterator();
    }

    @Override
    public boolean hasNext() {
      return names.hasNext();
    }

    @Override
    public @Nullable Walk next() throws IOException, ErrnoException {
      Name name = names.next();
      Resolution found = merged.resolve(name);
      Stat stat = found.stat();
      LayerDir dir = found.dir();
      if (!found.exists() || stat == null || dir == null) {
        return null;
      }
      EntryPath child = path.child(name);
      if (found.kind() == Resolution.Kind.FILE) {
        putFile(found, stat, child);
        return null;
      }
      putDirectory(new Place(dir, found.name()), stat, child);
      return new WholeWalk(merged.child(found), child);
    }
  }

  private void putFile(Resolution found, Stat stat, EntryPath path)
      throws IOException, ErrnoException {
    Copy copy = isOfUpper(found) ? null : indexed.copyOf(found);
    Stat shown = copy == null ? stat : copy.stat();
    if (shown.type() == Linux.S_IFSOCK) {
      sockets.add(path);
      return;
    }
    if (copy != null) {
      copied.add(path);
    }
    if (shown.nlink > 1) {
      EntryPath first = links.putIfAbsent(HostInode.of(shown), path);
      if (first != null) {
        Attributes attributes =
            objects.attributes(copy == null ? place(found) : copy.place(), shown);
        sink.put(LayerEntry.hardLink(path, attributes, first.joined()), LayerSink.NOTHING);
        return;
      }
    }
    if (copy == null) {
      objects.put(found, path, sink);
    } else {
      objects.put(copy.place(), dataOf(copy, found), shown, path, sink);
    }
  }

  /* Kernel overlayfs's copy in the index may be without data, like any other. */
  private Place dataOf(Copy copy, Resolution found) throws ErrnoException {
    Place at = copy.place();
    if (!copy.stat().isRegular() || !layers.marks().isMetacopy(at.dir(), at.name())) {
      return at;
    }
    Place below = found.data();
    return below != null ? below : place(found);
  }

  private static Place place(Resolution found) {
    LayerDir dir = found.dir();
    if (dir == null) {
      throw new IllegalStateException("nothing was found");
    }
    return new Place(dir, found.name());
  }

  private boolean isOfUpper(Resolution found) {
    LayerDir dir = found.dir();
    return dir != null && dir.layer() == upper;
  }

  /*
   * Goes through everything that the union shows, for a name says only where it is what file it is. The
   * directories on the way to one must be in the layer, or its reader makes plain ones.
   */
  private final class OtherNamesWalk implements Walk {
    private final MergedDir merged;
    private final List<Name> path;
    private final boolean absent;
    private final List<Resolution> missing;
    private final Iterator<Name> names;

    /**
     * @param absent whether the upper does not have the directory
     * @param missing those on the way to it, and itself, that the layer does not have yet
     */
    OtherNamesWalk(MergedDir merged, List<Name> path, boolean absent, List<Resolution> missing)
        throws ErrnoException {
      this.merged = merged;
      this.path = path;
      this.absent = absent;
      this.missing = missing;
      this.names = merged.names().iterator();
    }

    @Override
    public boolean hasNext() {
      return names.hasNext();
    }

    @Override
    public @Nullable Walk next() throws IOException, ErrnoException {
      Name name = names.next();
      Interruptions.check();
      watcher.add(0, 0);
      Resolution found = merged.resolve(name);
      Stat stat = found.stat();
      if (found.kind() == Resolution.Kind.DIRECTORY) {
        boolean below = !isOfUpper(found);
        if (below) {
          missing.add(found);
        }
        return new OtherNamesWalk(merged.child(found), Paths.child(path, name), below, missing);
      }
      if (stat != null && !isOfUpper(found) && indexed.copyOf(found) != null) {
        EntryPath directory = new EntryPath(path);
        EntryPath child = directory.child(name);
        if (!copied.contains(child)) {
          putMissing(missing, directory);
          putFile(found, stat, child);
        }
      }
      return null;
    }

    @Override
    public void leave() {
      if (absent && !missing.isEmpty()) {
        missing.remove(missing.size() - 1);
      }
    }
  }

  /* The last so many directories of the path, none of which the layer has yet. */
  private void putMissing(List<Resolution> missing, EntryPath path)
      throws IOException, ErrnoException {
    int present = path.names().size() - missing.size();
    for (int i = 0; i < missing.size(); i++) {
      Resolution each = missing.get(i);
      LayerDir dir = each.dir();
      Stat stat = each.stat();
      if (dir != null && stat != null) {
        EntryPath directory = new EntryPath(path.names().subList(0, present + i + 1));
        putDirectory(new Place(dir, each.name()), stat, directory);
      }
    }
    missing.clear();
  }
}
