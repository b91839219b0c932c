package io.unionfs.image;

import io.unionfs.image.LayerUnpacking.Watcher;
import io.unionfs.image.oci.Digest;
import io.unionfs.offline.OpenLayers;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Set;

/** The making of an archive of an upper's changes. */
public final class LayerCommit {
  private static final int BUFFER_BYTES = 1 << 16;

  private LayerCommit() {}

  /**
   * What was written.
   *
   * @param diffId the digest of the archive, not compressed
   * @param digest the digest of what was written
   * @param size of what was written, in bytes
   * @param newest the latest modification in the layer, in seconds since the epoch
   * @param sockets what the layer cannot hold
   */
  public record Written(
      Digest diffId, Digest digest, long size, long entries, long newest, Set<EntryPath> sockets) {}

  /**
   * Writes an archive: the same for the same upper, always.
   *
   * @param out stays open
   * @throws IOException with a message for the user
   */
  public static Written write(
      OpenLayers layers, OutputStream out, Compression compression, Watcher watcher)
      throws IOException {
    return write(LayerChanges.of(layers), out, compression, watcher);
  }

  /** The same of changes that were looked at before. */
  public static Written write(
      LayerChanges changes, OutputStream out, Compression compression, Watcher watcher)
      throws IOException {
    MessageDigest packed = Digest.sha256();
    MessageDigest diffId = Digest.sha256();
    Counted counted = new Counted(new DigestOutputStream(new Open(out), packed));
    Watching watching;
    Set<EntryPath> sockets;
    try (OutputStream compressing = compression.pack(counted);
        OutputStream archive =
            new BufferedOutputStream(new DigestOutputStream(compressing, diffId), BUFFER_BYTES)) {
      LayerArchiveWriter writer = new LayerArchiveWriter(archive, watcher);
      watching = new Watching(writer, watcher);
      sockets = changes.handTo(watching, watcher);
      writer.finish();
    } catch (ErrnoException e) {
      throw new LayerException("the changes cannot be read: " + Errno.message(e.errno()), e);
    }
    return new Written(
        Digest.ofSha256(diffId),
        Digest.ofSha256(packed),
        counted.bytes,
        watching.entries,
        watching.newest,
        sockets);
  }

  /** Counts entries and finds the newest. */
  private static final class Watching implements LayerSink {
    private final LayerSink sink;
    private final Watcher watcher;
    private long entries;
    private long newest;

    Watching(LayerSink sink, Watcher watcher) {
      this.sink = sink;
      this.watcher = watcher;
    }

    @Override
    public void put(LayerEntry entry, Content content) throws IOException, ErrnoException {
      entries++;
      watcher.add(1, 0);
      Attributes attributes = entry.attributes();
      newest = Math.max(newest, attributes == null ? 0 : attributes.mtime());
      sink.put(
          entry,
          (target, offset, length) -> {
            int read = content.read(target, offset, length);
            watcher.add(0, Math.max(read, 0));
            return read;
          });
    }
  }

  private static final class Counted extends FilterOutputStream {
    private long bytes;

    Counted(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] data, int offset, int length) throws IOException {
      out.write(data, offset, length);
      bytes += length;
    }
  }

  /** A stream that closing leaves open. */
  private static final class Open extends FilterOutputStream {
    Open(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] data, int offset, int length) throws IOException {
      out.write(data, offset, length);
    }

    @Override
    public void close() throws IOException {
      flush();
    }
  }
}
