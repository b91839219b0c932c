package io.unionfs.image;

import io.unionfs.image.LayerUnpacking.Watcher;
import io.unionfs.image.file.FdInputStream;
import io.unionfs.image.file.FdOutputStream;
import io.unionfs.image.tar.TarHeader.Extent;
import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.offline.OpenLayers;
import io.unionfs.offline.Paths;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Most of an upper is not touched while a layer is made of it. So data are read ahead, into a file of our own,
 * while programs go on; when changes wait, everything is looked at, but only what changed since is read
 * again. Then they go on, and the layer is made of what was read. Of the lowers, which never change, only it is
 * noted which file it is.
 */
/** The changes of an upper at one moment, kept apart from it. */
public final class Cut implements LayerChanges, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Cut.class);
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int NO_DATA = 0;
  private static final int IN_SPOOL = 1;
  private static final int IN_LOWER = 2;

  private final Sys sys;
  private final Spool spool;
  private final Fd entries;
  private @Nullable OpenLayers layers;
  private Set<EntryPath> sockets = new TreeSet<>();

  private Cut(Sys sys, Spool spool, Fd entries) {
    this.sys = sys;
    this.spool = spool;
    this.entries = entries;
  }

  /**
   * One that keeps what it reads in files without a name.
   *
   * @param directory where these are
   */
  public static Cut in(Sys sys, byte[] directory) throws IOException {
    return in(sys, directory, Clock.systemUTC());
  }

  static Cut in(Sys sys, byte[] directory, Clock clock) throws IOException {
    Fd data = Spool.unnamed(sys, directory);
    boolean done = false;
    try {
      Cut cut = new Cut(sys, new Spool(sys, data, clock), Spool.unnamed(sys, directory));
      done = true;
      return cut;
    } finally {
      if (!done) {
        data.close();
      }
    }
  }

  /**
   * Reads the data of the upper ahead, while they change; what cannot be read is left for later.
   *
   * @return how many bytes were read
   */
  public long readAhead(OpenLayers open, Watcher watcher) throws IOException {
    long before = spool.bytes();
    Layer upper = open.upper();
    if (upper != null) {
      readTree(upper.root(), watcher);
    }
    LayerDir index;
    try {
      index = open.index();
    } catch (ErrnoException e) {
      throw new LayerException("the work directory: " + Errno.message(e.errno()), e);
    }
    if (index != null) {
      readTree(index, watcher);
    }
    return spool.bytes() - before;
  }

  private record Open(LayerDir dir, Iterator<Name> names) {}

  private void readTree(LayerDir root, Watcher watcher) throws IOException {
    Deque<Open> open = new ArrayDeque<>();
    open.push(new Open(root, names(root).iterator()));
    while (!open.isEmpty()) {
      Open at = open.element();
      if (!at.names().hasNext()) {
        open.pop();
        continue;
      }
      Interruptions.check();
      watcher.add(0, 0);
      Name name = at.names().next();
      try {
        readAny(at.dir(), name, open, watcher);
      } catch (ErrnoException | LayerException e) {
        log.debug("{} is read when changes wait: {}", name, e.getMessage());
      }
    }
  }

  private void readAny(LayerDir dir, Name name, Deque<Open> open, Watcher watcher)
      throws IOException, ErrnoException {
    Stat stat = new Stat();
    if (dir.tryStat(name, stat) != 0) {
      return; // gone
    }
    if (stat.isDirectory()) {
      LayerDir child = dir.child(name, stat);
      open.push(new Open(child, names(child).iterator()));
    } else if (stat.isRegular() && stat.size > 0) {
      readFile(dir, name, watcher);
    }
  }

  private void readFile(LayerDir dir, Name name, Watcher watcher)
      throws IOException, ErrnoException {
    try (Fd fd = new Fd(sys, dir.openForRead(name, Linux.O_NONBLOCK))) {
      spool.readAhead(fd.raw(), watcher);
    }
  }

  /* None of one that is gone. */
  private static List<Name> names(LayerDir dir) {
    try {
      return dir.names();
    } catch (ErrnoException e) {
      return List.of();
    }
  }

  /**
   * Looks at everything, while changes wait.
   *
   * @param open stays open until {@link #handTo} is done
   * @throws IOException with a message for the user
   */
  public void take(OpenLayers open, Watcher watcher) throws IOException {
    layers = open;
    ObjectReader objects = new ObjectReader(sys, (place, stat) -> data(open, place, stat, watcher));
    try (DataOutputStream out =
        new DataOutputStream(
            new BufferedOutputStream(new FdOutputStream(sys, entries.raw()), BUFFER_BYTES))) {
      sockets =
          LayerPacker.pack(
              open,
              objects,
              (entry, content) -> {
                watcher.add(0, 0);
                out.writeBoolean(true);
                EntryStream.write(out, entry);
                write(out, content);
              },
              watcher);
      out.writeBoolean(false);
    }
  }

  private static void write(DataOutputStream out, LayerSink.Content content) throws IOException {
    if (content instanceof Spooled spooled) {
      out.writeByte(IN_SPOOL);
      out.writeLong(spooled.data().offset());
    } else if (content instanceof InLower lower) {
      out.writeByte(IN_LOWER);
      out.writeInt(lower.layer());
      EntryStream.writePath(out, lower.path());
    } else {
      out.writeByte(NO_DATA);
    }
  }

  private ObjectReader.Data data(OpenLayers open, Place place, Stat stat, Watcher watcher)
      throws IOException, ErrnoException {
    try (Fd fd = new Fd(sys, place.dir().openForRead(place.name(), 0))) {
      int layer = open.lowers().indexOf(place.dir().layer());
      if (layer >= 0) {
        List<Extent> extents = ObjectReader.extents(sys, fd.raw(), stat.size);
        List<Name> path = Paths.child(Paths.inLayer(place.dir()), place.name());
        return new Found(extents, new InLower(layer, path));
      }
      Spool.Data read = spool.read(fd.raw(), watcher);
      if (read.size() != stat.size) {
        throw new LayerException(place.name() + " changed while it was read");
      }
      return new Found(read.extents(), new Spooled(read));
    }
  }

  private record Found(List<Extent> extents, LayerSink.Content content)
      implements ObjectReader.Data {
    @Override
    public void close() {}
  }

  /** Where data are, in the place of the data. */
  private record Spooled(Spool.Data data) implements LayerSink.Content {
    @Override
    public int read(byte[] target, int offset, int length) {
      throw new IllegalStateException("read later");
    }
  }

  private record InLower(int layer, List<Name> path) implements LayerSink.Content {
    @Override
    public int read(byte[] target, int offset, int length) {
      throw new IllegalStateException("read later");
    }
  }

  /** Hands on what was taken; changes need not wait any more. */
  @Override
  public Set<EntryPath> handTo(LayerSink sink, Watcher watcher) throws IOException, ErrnoException {
    try (DataInputStream in =
        new DataInputStream(
            new BufferedInputStream(FdInputStream.of(sys, sys.dup(entries.raw())), BUFFER_BYTES))) {
      while (in.readBoolean()) {
        Interruptions.check();
        LayerEntry entry = EntryStream.read(in);
        switch (in.readByte()) {
          case IN_SPOOL -> {
            long length = entry.extents().stream().mapToLong(Extent::length).sum();
            sink.put(entry, spool.content(in.readLong(), length));
          }
          case IN_LOWER -> handLower(sink, entry, in.readInt(), EntryStream.readPath(in));
          default -> sink.put(entry, LayerSink.NOTHING);
        }
      }
    }
    return sockets;
  }

  private void handLower(LayerSink sink, LayerEntry entry, int layer, List<Name> path)
      throws IOException, ErrnoException {
    OpenLayers open = layers;
    if (open == null) {
      throw new IllegalStateException("nothing was taken");
    }
    LayerDir dir = open.lowers().get(layer).root();
    for (Name name : path.subList(0, path.size() - 1)) {
      dir = dir.child(name);
    }
    try (Fd fd = new Fd(sys, dir.openForRead(path.get(path.size() - 1), 0))) {
      sink.put(entry, new ObjectReader.FileContent(sys, fd.raw(), entry.extents()));
    }
  }

  @Override
  public void close() {
    spool.close();
    entries.close();
  }
}
