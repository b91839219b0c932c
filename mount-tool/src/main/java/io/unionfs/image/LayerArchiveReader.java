package io.unionfs.image;

import io.unionfs.image.LayerEntry.Kind;
import io.unionfs.image.tar.TarHeader;
import io.unionfs.image.tar.TarReader;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.util.List;

/*
 * The marks of the OCI image format: .wh.NAME hides NAME of the layers below, .wh..wh..opq in a
 * directory all that they have there. Other names that begin with .wh..wh. are AUFS's own, and no
 * part of the layer.
 */
/** A layer that is read from an archive. */
final class LayerArchiveReader {
  private static final Name DOT_PREFIX = Name.of(".wh.");
  private static final Name DOT_SPECIAL = Name.of(".wh..wh.");
  private static final Name DOT_OPAQUE = Name.of(".wh..wh..opq");

  private final String label;
  private final TarReader tar;

  /**
   * @param label how messages call the archive
   * @param in the archive, unpacked
   */
  LayerArchiveReader(String label, InputStream in) {
    this.label = label;
    this.tar = new TarReader(in);
  }

  /**
   * Hands on all entries.
   *
   * @throws LayerException for whatever goes wrong, with offset and entry
   */
  void readInto(LayerSink sink) throws LayerException {
    try {
      for (TarHeader header = tar.next(); header != null; header = tar.next()) {
        EntryPath path = EntryPath.parse(header.name());
        if (path.isRoot()) {
          putRoot(header, path, sink);
        } else {
          put(header, path, sink);
        }
      }
    } catch (ClosedByInterruptException e) {
      throw failed("interrupted", e);
    } catch (IOException e) {
      throw failed(String.valueOf(e.getMessage()), e);
    } catch (ErrnoException e) {
      throw failed(Errno.message(e.errno()), e);
    }
  }

  private LayerException failed(String what, Exception cause) {
    Name entry = tar.current();
    return new LayerException(
        label
            + ": at byte "
            + tar.headerAt()
            + (entry == null ? "" : ", in or behind the entry " + entry)
            + ": "
            + what,
        cause);
  }

  private static void putRoot(TarHeader header, EntryPath path, LayerSink sink)
      throws IOException, ErrnoException {
    if (header.type() != TarHeader.DIRECTORY) {
      throw new LayerException("the layer's root is no directory");
    }
    sink.put(LayerEntry.node(Kind.DIRECTORY, path, attributes(header), 0), LayerSink.NOTHING);
  }

  private void put(TarHeader header, EntryPath path, LayerSink sink)
      throws IOException, ErrnoException {
    for (Name name : path.parent().names()) {
      if (name.startsWith(DOT_SPECIAL)) {
        return;
      }
      if (name.startsWith(DOT_PREFIX)) {
        throw new LayerException("it lies below the mark " + name);
      }
    }
    Name name = path.last();
    if (name.startsWith(DOT_PREFIX)) {
      putMark(path.parent(), name, sink);
    } else {
      sink.put(entry(header, path), tar::read);
    }
  }

  private static void putMark(EntryPath directory, Name name, LayerSink sink)
      throws IOException, ErrnoException {
    if (name.equals(DOT_OPAQUE)) {
      sink.put(LayerEntry.mark(Kind.OPAQUE, directory), LayerSink.NOTHING);
    } else if (!name.startsWith(DOT_SPECIAL)) {
      Name hidden = name.substring(DOT_PREFIX.length());
      if (hidden.length() == 0 || hidden.equals(Name.DOT) || hidden.equals(Name.DOTDOT)) {
        throw new LayerException("the mark " + name + " hides nothing that can be");
      }
      sink.put(LayerEntry.mark(Kind.WHITEOUT, directory.child(hidden)), LayerSink.NOTHING);
    }
  }

  private static LayerEntry entry(TarHeader header, EntryPath path) {
    return switch (header.type()) {
      case TarHeader.HARD_LINK -> LayerEntry.hardLink(path, attributes(header), header.link());
      case TarHeader.SYMLINK -> LayerEntry.symlink(path, attributes(header), header.link());
      case TarHeader.FILE ->
          new LayerEntry(
              Kind.FILE, path, attributes(header), header.size(), header.extents(), Name.of(""), 0);
      default -> LayerEntry.node(kind(header.type()), path, attributes(header), rdev(header));
    };
  }

  private static Kind kind(byte type) {
    return switch (type) {
      case TarHeader.CHARACTER_DEVICE -> Kind.CHARACTER_DEVICE;
      case TarHeader.BLOCK_DEVICE -> Kind.BLOCK_DEVICE;
      case TarHeader.DIRECTORY -> Kind.DIRECTORY;
      default -> Kind.FIFO;
    };
  }

  private static long rdev(TarHeader header) {
    boolean device =
        List.of(TarHeader.CHARACTER_DEVICE, TarHeader.BLOCK_DEVICE).contains(header.type());
    return device ? Linux.makedev(header.major(), header.minor()) : 0;
  }

  private static Attributes attributes(TarHeader header) {
    return new Attributes(
        header.permissions(),
        (int) header.uid(),
        (int) header.gid(),
        header.mtime(),
        header.mtimeNsec(),
        header.xattrs());
  }
}
