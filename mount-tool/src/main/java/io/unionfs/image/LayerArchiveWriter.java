package io.unionfs.image;

import io.unionfs.image.LayerEntry.Kind;
import io.unionfs.image.LayerUnpacking.Watcher;
import io.unionfs.image.tar.TarHeader;
import io.unionfs.image.tar.TarHeader.Extent;
import io.unionfs.image.tar.TarWriter;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/*
 * Holes are written as zeros. The image format discourages sparse entries, which its readers understand
 * differently, and where a file has holes depends on the host's file system: the same content would give
 * other bytes elsewhere.
 */
/** A layer that is written to an archive. */
final class LayerArchiveWriter implements LayerSink {
  private static final Name WHITEOUT = Name.of(".wh.");
  private static final Name OPAQUE = Name.of(".wh..wh..opq");
  private static final Name SLASH = Name.of("/");
  private static final Name ROOT = Name.of("./");
  private static final int MARK_MODE = 0644;
  private static final int NAME_MAX = 255;

  private final TarWriter tar;
  private final Watcher watcher;
  private final byte[] buffer = new byte[1 << 16];
  private final byte[] zeros = new byte[1 << 16];

  /**
   * @param watcher hears of holes, which come from no content
   */
  LayerArchiveWriter(OutputStream out, Watcher watcher) {
    this.tar = new TarWriter(out);
    this.watcher = watcher;
  }

  @Override
  public void put(LayerEntry entry, Content content) throws IOException, ErrnoException {
    tar.put(header(entry));
    if (entry.kind() != Kind.FILE) {
      return;
    }
    long at = 0;
    for (Extent extent : entry.extents()) {
      writeZeros(extent.offset() - at);
      copy(entry, content, extent.length());
      at = extent.offset() + extent.length();
    }
    writeZeros(entry.size() - at);
  }

  private void copy(LayerEntry entry, Content content, long length)
      throws IOException, ErrnoException {
    long left = length;
    while (left > 0) {
      Interruptions.check();
      int read = content.read(buffer, 0, (int) Math.min(buffer.length, left));
      if (read < 0) {
        throw new LayerException(entry.path() + " became shorter while it was read");
      }
      tar.write(buffer, 0, read);
      left -= read;
    }
  }

  private void writeZeros(long length) throws IOException {
    long left = length;
    while (left > 0) {
      Interruptions.check();
      int part = (int) Math.min(left, zeros.length);
      tar.write(zeros, 0, part);
      watcher.add(0, part);
      left -= part;
    }
  }

  /** Writes the archive's end; the stream stays open. */
  void finish() throws IOException {
    tar.finish();
  }

  private static TarHeader header(LayerEntry entry) throws LayerException {
    Name path = entry.path().joined();
    boolean isMark = entry.kind() == Kind.WHITEOUT || entry.kind() == Kind.OPAQUE;
    if (!isMark && !entry.path().isRoot() && entry.path().last().startsWith(WHITEOUT)) {
      throw new LayerException(
          entry.path() + ": a name that begins with .wh. would be a mark in an image");
    }
    return switch (entry.kind()) {
      case FILE -> header(TarHeader.FILE, path, entry);
      case DIRECTORY ->
          header(TarHeader.DIRECTORY, entry.path().isRoot() ? ROOT : path.concat(SLASH), entry);
      case SYMLINK -> header(TarHeader.SYMLINK, path, entry);
      case HARD_LINK -> header(TarHeader.HARD_LINK, path, entry);
      case CHARACTER_DEVICE -> header(TarHeader.CHARACTER_DEVICE, path, entry);
      case BLOCK_DEVICE -> header(TarHeader.BLOCK_DEVICE, path, entry);
      case FIFO -> header(TarHeader.FIFO, path, entry);
      case WHITEOUT -> mark(entry, entry.path().parent(), WHITEOUT.concat(entry.path().last()));
      case OPAQUE -> mark(entry, entry.path(), OPAQUE);
    };
  }

  private static TarHeader mark(LayerEntry entry, EntryPath directory, Name name)
      throws LayerException {
    if (name.length() > NAME_MAX) {
      throw new LayerException(
          entry.path() + " was removed, and its name is too long for a mark in an image");
    }
    return header(TarHeader.FILE, directory.child(name).joined(), entry);
  }

  private static TarHeader header(byte type, Name path, LayerEntry entry) {
    @Nullable Attributes present = entry.attributes();
    Attributes own =
        present == null ? new Attributes(MARK_MODE, 0, 0, 0, 0, new TreeMap<>()) : present;
    boolean device = type == TarHeader.CHARACTER_DEVICE || type == TarHeader.BLOCK_DEVICE;
    return new TarHeader(
        path,
        type,
        own.permissions(),
        own.uid() & 0xffffffffL,
        own.gid() & 0xffffffffL,
        own.mtime(),
        own.mtimeNsec(),
        entry.size(),
        entry.link(),
        device ? Linux.major(entry.rdev()) : 0,
        device ? Linux.minor(entry.rdev()) : 0,
        own.xattrs(),
        List.of());
  }
}
