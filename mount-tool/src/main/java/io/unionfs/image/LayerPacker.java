package io.unionfs.image;

import io.unionfs.image.IndexedFiles.Copy;
import io.unionfs.image.LayerEntry.Kind;
import io.unionfs.image.LayerUnpacking.Watcher;
import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks.DirMark;
import io.unionfs.offline.MergedDir;
import io.unionfs.offline.OpenLayers;
import io.unionfs.stack.LowerIndex;
import io.unionfs.stack.Resolution;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

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

  private LayerPacker(OpenLayers layers, Layer upper, LayerSink sink, Watcher watcher)
      throws ErrnoException {
    this.layers = layers;
    this.upper = upper;
    this.sink = sink;
    this.watcher = watcher;
    this.objects = new ObjectReader(layers.sys());
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
    packUpper(root, upper.root(), EntryPath.ROOT, false);
    if (indexed.hasOtherNames()) {
      packOtherNames(root, EntryPath.ROOT, new ArrayList<>());
    }
  }

  private void putDirectory(Place place, Stat stat, EntryPath path)
      throws IOException, ErrnoException {
    sink.put(
        LayerEntry.node(Kind.DIRECTORY, path, objects.attributes(place, stat), 0),
        LayerSink.NOTHING);
  }

  /* What a directory of the upper itself has. In an opaque one whiteouts hide nothing. */
  private void packUpper(MergedDir merged, LayerDir dir, EntryPath path, boolean opaque)
      throws IOException, ErrnoException {
    LowerIndex own = LowerIndex.read(layers.marks(), List.of(dir));
    TreeMap<Name, Boolean> names = new TreeMap<>();
    for (int i = 0; i < own.size(); i++) {
      names.put(own.name(i), own.isShown(i));
    }
    for (Map.Entry<Name, Boolean> each : names.entrySet()) {
      EntryPath child = path.child(each.getKey());
      if (each.getValue()) {
        packName(merged, dir, each.getKey(), child);
      } else if (!opaque) {
        sink.put(LayerEntry.mark(Kind.WHITEOUT, child), LayerSink.NOTHING);
      }
    }
  }

  private void packName(MergedDir merged, LayerDir dir, Name name, EntryPath path)
      throws IOException, ErrnoException {
    Resolution found = merged.resolve(name);
    Stat stat = found.stat();
    if (!found.exists() || stat == null) {
      return; // gone by now: a live upper
    }
    if (found.kind() == Resolution.Kind.FILE) {
      putFile(found, stat, path);
      return;
    }
    LayerDir child = dir.child(name, stat);
    DirMark mark = layers.marks().dirMark(dir, name, child);
    putDirectory(new Place(dir, name), stat, path);
    switch (mark) {
      case NONE -> packUpper(merged.child(found), child, path, false);
      case OPAQUE -> {
        sink.put(LayerEntry.mark(Kind.OPAQUE, path), LayerSink.NOTHING);
        packUpper(merged.child(found), child, path, true);
      }
      case REDIRECT -> {
        sink.put(LayerEntry.mark(Kind.OPAQUE, path), LayerSink.NOTHING);
        packWhole(merged.child(found), path);
      }
    }
  }

  /* All that a directory shows, whichever layer has it. */
  private void packWhole(MergedDir merged, EntryPath path) throws IOException, ErrnoException {
    for (Name name : merged.names()) {
      Resolution found = merged.resolve(name);
      Stat stat = found.stat();
      LayerDir dir = found.dir();
      if (!found.exists() || stat == null || dir == null) {
        continue;
      }
      EntryPath child = path.child(name);
      if (found.kind() == Resolution.Kind.FILE) {
        putFile(found, stat, child);
      } else {
        putDirectory(new Place(dir, found.name()), stat, child);
        packWhole(merged.child(found), child);
      }
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
      objects.put(copy.place(), copy.place(), shown, path, sink);
    }
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
  private void packOtherNames(MergedDir merged, EntryPath path, List<Resolution> missing)
      throws IOException, ErrnoException {
    for (Name name : merged.names()) {
      Interruptions.check();
      watcher.add(0, 0);
      Resolution found = merged.resolve(name);
      Stat stat = found.stat();
      EntryPath child = path.child(name);
      if (found.kind() == Resolution.Kind.DIRECTORY) {
        boolean absent = !isOfUpper(found);
        if (absent) {
          missing.add(found);
        }
        packOtherNames(merged.child(found), child, missing);
        if (absent && !missing.isEmpty()) {
          missing.remove(missing.size() - 1);
        }
      } else if (stat != null && !isOfUpper(found) && indexed.copyOf(found) != null) {
        if (!copied.contains(child)) {
          putMissing(missing, path);
          putFile(found, stat, child);
        }
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
