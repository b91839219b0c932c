package io.unionfs.image;

import io.unionfs.image.LayerEntry.Kind;
import io.unionfs.image.tar.TarHeader.Extent;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.layer.OwnerOverride;
import io.unionfs.stack.Resolution;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/*
 * Of security.* only capabilities belong to a layer: the rest are labels and signatures that this host
 * gave the file.
 */
/** Reads single objects of a layer as entries. */
final class ObjectReader {
  private static final Name SECURITY = Name.of("security.");
  private static final Name CAPABILITY = Name.of("security.capability");

  private final Sys sys;
  private final DataSource source;

  /** Where the data of files come from. */
  interface DataSource {
    /**
     * Opens those of a file.
     *
     * @param stat what it is
     */
    Data open(Place place, Stat stat) throws IOException, ErrnoException;
  }

  /** The data of a file. */
  interface Data extends AutoCloseable {
    List<Extent> extents();

    LayerSink.Content content();

    @Override
    void close();
  }

  ObjectReader(Sys sys) {
    this(sys, (place, stat) -> OpenFile.of(sys, place, stat.size));
  }

  ObjectReader(Sys sys, DataSource source) {
    this.sys = sys;
    this.source = source;
  }

  /** The extended attributes that a union shows of an object, by name. */
  SortedMap<Name, byte[]> xattrs(LayerDir dir, Name name) throws ErrnoException {
    SortedMap<Name, byte[]> shown = new TreeMap<>();
    OwnerOverride owners = dir.layer().ownerOverride();
    SharedFd fd = dir.pin();
    try {
      byte[] list = list(fd.fd(), name);
      for (Name each : Marks.split(owners == null ? list : owners.listed(list))) {
        Name union = Marks.toUnion(each);
        boolean label = each.startsWith(SECURITY) && !each.equals(CAPABILITY);
        if (union != null && !label) {
          byte[] value =
              owners == null
                  ? sys.getxattrat(fd.fd(), name, each)
                  : owners.getxattr(fd.fd(), name, each);
          if (value != null) {
            shown.put(union, value);
          }
        }
      }
    } finally {
      fd.unpin();
    }
    return shown;
  }

  private byte[] list(int fd, Name name) throws ErrnoException {
    try {
      return sys.listxattrat(fd, name);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EOPNOTSUPP) {
        return new byte[0];
      }
      throw e;
    }
  }

  /** Hands on what a name was found to be, anything but a directory. */
  void put(Resolution found, EntryPath path, LayerSink sink) throws IOException, ErrnoException {
    LayerDir dir = found.dir();
    Stat stat = found.stat();
    if (dir == null || stat == null) {
      throw new IllegalStateException("nothing was found at " + path);
    }
    Place place = found.data();
    Place itself = new Place(dir, found.name());
    put(itself, place == null ? itself : place, stat, path, sink);
  }

  /**
   * Hands on an object that is no directory.
   *
   * @param data where its data are, if it is a file
   */
  void put(Place object, Place data, Stat stat, EntryPath path, LayerSink sink)
      throws IOException, ErrnoException {
    Attributes attributes = attributes(object, stat);
    if (stat.isRegular()) {
      putFile(data, stat, path, attributes, sink);
    } else if (stat.isSymlink()) {
      Name target = Name.of(readlink(object.dir(), object.name()));
      sink.put(LayerEntry.symlink(path, attributes, target), LayerSink.NOTHING);
    } else {
      sink.put(LayerEntry.node(kind(stat), path, attributes, stat.rdev), LayerSink.NOTHING);
    }
  }

  /** What a layer says of an object. */
  Attributes attributes(Place object, Stat stat) throws ErrnoException {
    return Attributes.of(stat, xattrs(object.dir(), object.name()));
  }

  private byte[] readlink(LayerDir dir, Name name) throws ErrnoException {
    SharedFd fd = dir.pin();
    try {
      return sys.readlinkat(fd.fd(), name);
    } finally {
      fd.unpin();
    }
  }

  private static Kind kind(Stat stat) throws LayerException {
    return switch (stat.type()) {
      case Linux.S_IFIFO -> Kind.FIFO;
      case Linux.S_IFCHR -> Kind.CHARACTER_DEVICE;
      case Linux.S_IFBLK -> Kind.BLOCK_DEVICE;
      default -> throw new LayerException("an archive cannot hold a socket");
    };
  }

  private void putFile(
      Place place, Stat stat, EntryPath path, Attributes attributes, LayerSink sink)
      throws IOException, ErrnoException {
    try (Data data = source.open(place, stat)) {
      sink.put(LayerEntry.file(path, attributes, stat.size, data.extents()), data.content());
    }
  }

  /** A file that is read where it is. */
  private record OpenFile(Fd fd, List<Extent> extents, LayerSink.Content content) implements Data {
    static OpenFile of(Sys sys, Place place, long size) throws ErrnoException {
      try (Fd fd = new Fd(sys, place.dir().openForRead(place.name(), 0))) {
        List<Extent> extents = ObjectReader.extents(sys, fd.raw(), size);
        Fd taken = new Fd(sys, fd.take());
        return new OpenFile(taken, extents, new FileContent(sys, taken.raw(), extents));
      }
    }

    @Override
    public void close() {
      fd.close();
    }
  }

  /* A file system that cannot tell says that there are no holes. */
  static List<Extent> extents(Sys sys, int fd, long size) throws ErrnoException {
    List<Extent> extents = new ArrayList<>();
    long at = 0;
    while (at < size) {
      long data = sys.tryLseek(fd, at, Linux.SEEK_DATA);
      if (data == -Errno.ENXIO) {
        break;
      }
      long start = data < 0 ? at : data;
      long hole = data < 0 ? size : sys.tryLseek(fd, start, Linux.SEEK_HOLE);
      long end = Math.min(hole < 0 ? size : hole, size);
      if (start >= end) {
        break;
      }
      extents.add(new Extent(start, end - start));
      at = end;
    }
    return extents;
  }

  /** The data of an open file. */
  static final class FileContent implements LayerSink.Content {
    private final Sys sys;
    private final int fd;
    private final List<Extent> extents;
    private int current;
    private long done;

    FileContent(Sys sys, int fd, List<Extent> extents) {
      this.sys = sys;
      this.fd = fd;
      this.extents = extents;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws ErrnoException {
      while (current < extents.size()) {
        Extent extent = extents.get(current);
        long left = extent.length() - done;
        if (left > 0) {
          int wanted = (int) Math.min(length, left);
          int read = sys.preadArray(fd, target, offset, wanted, extent.offset() + done);
          done += read;
          return read == 0 ? -1 : read;
        }
        current++;
        done = 0;
      }
      return -1;
    }
  }
}
