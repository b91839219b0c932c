package io.unionfs.image;

import io.unionfs.image.file.StagedDirectory;
import io.unionfs.image.oci.Digest;
import io.unionfs.layer.Layer;
import io.unionfs.layer.MarkRules;
import io.unionfs.layer.Marks;
import io.unionfs.layer.OwnerOverride;
import io.unionfs.layer.WhiteoutFormat;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The unpacking of archives into directories that are not visible yet. */
public final class LayerUnpacking {
  private static final int XATTR_OWNERS = 2;

  private final Sys sys;
  private final Owners owners;
  private final @Nullable Long limit;
  private final Watcher watcher;

  /** How owners and modes are kept. */
  public enum Owners {
    /** As the host's, which takes the right to give files away. */
    HOST,
    /** In an extended attribute of each file, {@code user.containers.override_stat}. */
    XATTR
  }

  /** Hears of the work's progress. */
  public interface Watcher {
    /**
     * So much more was done.
     *
     * @throws IOException to end the work
     */
    void add(long entries, long bytes) throws IOException;
  }

  /**
   * An archive.
   *
   * @param label how messages call it
   * @param packed its bytes; closed with the work
   * @param blob the digest that they must have, null if none is known
   * @param diffId the digest that they must have unpacked, null if none is known
   */
  public record Archive(
      String label, InputStream packed, @Nullable Digest blob, @Nullable Digest diffId) {}

  /**
   * What was unpacked.
   *
   * @param diffId the digest of the archive, not compressed
   * @param lost the names of extended attributes that the host did not take
   * @param dependent whether it is as it is because of the layers below
   */
  public record Unpacked(Digest diffId, long entries, Set<Name> lost, boolean dependent) {}

  /**
   * @param limit the most bytes, null for what is free
   */
  public LayerUnpacking(Sys sys, Owners owners, @Nullable Long limit, Watcher watcher) {
    this.sys = sys;
    this.owners = owners;
    this.limit = limit;
    this.watcher = watcher;
  }

  /** How owners are kept if nobody says: on the host by root, else in xattrs. */
  public static Owners defaultOwners() {
    return OwnProcess.geteuid() == 0 ? Owners.HOST : Owners.XATTR;
  }

  /**
   * Unpacks a layer.
   *
   * @param into an empty directory, which is complete afterwards but not published
   * @param below the directories of the layers below, topmost first, as far as they are known
   * @throws IOException with a message for the user; what was unpacked is for the caller to remove
   */
  public Unpacked unpack(Archive archive, StagedDirectory into, List<byte[]> below)
      throws IOException {
    MessageDigest blob = start(archive.blob());
    MessageDigest diffId = start(archive.diffId());
    PackedInput packed = new PackedInput(archive.packed(), blob);
    try (LayersBelow layers = LayersBelow.open(sys, below);
        InputStream unpacked = open(archive, packed)) {
      Counting counting = fill(archive, new DigestInputStream(unpacked, diffId), into, layers);
      packed.drain();
      check(archive, "it", archive.blob(), blob);
      check(archive, "what is in it", archive.diffId(), diffId);
      Digest said = archive.diffId();
      return new Unpacked(
          said == null ? Digest.ofSha256(diffId) : said,
          counting.entries,
          counting.lost,
          layers.isUsed());
    }
  }

  private static MessageDigest start(@Nullable Digest expected) {
    return expected == null ? Digest.sha256() : expected.start();
  }

  private static InputStream open(Archive archive, PackedInput packed) throws IOException {
    try {
      return Compression.unpack(packed);
    } catch (IOException e) {
      throw new LayerException(archive.label() + ": it cannot be unpacked: " + e.getMessage(), e);
    }
  }

  private static void check(
      Archive archive, String what, @Nullable Digest expected, MessageDigest digest)
      throws LayerException {
    if (expected != null && !expected.matches(digest)) {
      throw new LayerException(
          archive.label() + ": " + what + " is not what its digest says: " + expected);
    }
  }

  private Counting fill(
      Archive archive, InputStream unpacked, StagedDirectory into, LayersBelow below)
      throws IOException {
    return fill(
        archive.label(),
        sink -> new LayerArchiveReader(archive.label(), unpacked).readInto(sink),
        into,
        below);
  }

  /** Where entries come from. */
  interface Entries {
    void handTo(LayerSink sink) throws IOException, ErrnoException;
  }

  /** Where entries come from that are followed by a result. */
  interface EntriesWithResult<T> {
    T handTo(LayerSink sink) throws IOException, ErrnoException;
  }

  /** Makes a directory of entries that come from no archive. */
  <T> T copy(EntriesWithResult<T> entries, StagedDirectory into) throws IOException {
    List<T> result = new ArrayList<>();
    try (LayersBelow nothing = LayersBelow.open(sys, List.of())) {
      fill("the upper", sink -> result.add(entries.handTo(sink)), into, nothing);
    }
    return result.get(0);
  }

  private Counting fill(String label, Entries entries, StagedDirectory into, LayersBelow below)
      throws IOException {
    try {
      Layer layer = into.layer();
      Marks marks = Marks.probe(sys, layer.root(), MarkRules.DEFAULT);
      announceWhiteouts(layer, marks);
      OwnerOverride override =
          owners == Owners.XATTR ? OwnerOverride.start(sys, XATTR_OWNERS, layer, List.of()) : null;
      layer.setOwnerOverride(override);
      ObjectWriter objects = new ObjectWriter(sys, override);
      UnpackLimit most =
          limit == null ? UnpackLimit.ofFreeSpace(sys, into.fd()) : UnpackLimit.ofBytes(limit);
      boolean own = override == null; // root's, where it is only noted
      UnpackedTree tree =
          new UnpackedTree(
              layer, marks, own ? OwnProcess.geteuid() : 0, own ? OwnProcess.getegid() : 0);
      LayerUnpacker unpacker = new LayerUnpacker(tree, objects, most, below);
      Counting counting = new Counting(unpacker, watcher, objects.lost());
      entries.handTo(counting);
      finish(label, unpacker);
      return counting;
    } catch (ErrnoException e) {
      throw new LayerException(
          label + ": its directory cannot be made: " + Errno.message(e.errno()), e);
    }
  }

  private static void finish(String label, LayerUnpacker unpacker)
      throws IOException, ErrnoException {
    try {
      unpacker.finish();
    } catch (LayerException e) {
      throw new LayerException(label + ": " + e.getMessage(), e);
    }
  }

  private static void announceWhiteouts(Layer layer, Marks marks) throws ErrnoException {
    if (marks.whiteouts().format() != WhiteoutFormat.XATTR) {
      return;
    }
    SharedFd root = layer.root().pin();
    try {
      marks.announceXattrWhiteouts(root.fd());
    } finally {
      root.unpin();
    }
    layer.setXattrWhiteouts();
  }

  private static final class Counting implements LayerSink {
    private final LayerSink sink;
    private final Watcher watcher;
    private final Set<Name> lost;
    private long entries;

    Counting(LayerSink sink, Watcher watcher, Set<Name> lost) {
      this.sink = sink;
      this.watcher = watcher;
      this.lost = lost;
    }

    @Override
    public void put(LayerEntry entry, Content content) throws IOException, ErrnoException {
      entries++;
      watcher.add(1, 0);
      sink.put(
          entry,
          (target, offset, length) -> {
            int read = content.read(target, offset, length);
            watcher.add(0, Math.max(read, 0));
            return read;
          });
    }
  }
}
