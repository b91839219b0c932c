package io.unionfs.image;

import io.unionfs.image.LayerUnpacking.Archive;
import io.unionfs.image.LayerUnpacking.Owners;
import io.unionfs.image.LayerUnpacking.Unpacked;
import io.unionfs.image.file.Directories;
import io.unionfs.image.file.StagedDirectory;
import io.unionfs.image.oci.Digest;
import io.unionfs.image.oci.Image;
import io.unionfs.image.oci.ImageLayout;
import io.unionfs.layer.Layer;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/*
 * A layer's directory is named by the digest of its archive, so that all images share it. A layer that is
 * as it is because of those below it, since it only passes through their directories or links to their
 * files, is named by the digest of the whole chain instead; so is each above a root that is not as any
 * other, because nobody can tell without its archive whether it says something of the root itself. A directory appears when it is complete,
 * verified and on disk, and never changes afterwards; of two who unpack the same layer at one time
 * one is too late and takes the other's.
 */
/** Unpacked layers, shared between images. */
public final class LayerStore implements AutoCloseable {
  private static final int MODE = 0700;
  private static final int OTHERS_WRITE = 022;

  private final Sys sys;
  private final byte[] path;
  private final Fd root;
  private final String suffix;

  private LayerStore(Sys sys, byte[] path, Fd root, Owners owners) {
    this.sys = sys;
    this.path = path;
    this.root = root;
    this.suffix = owners == Owners.XATTR ? "-xattr" : "";
  }

  /**
   * Opens a store, making what is missing of it.
   *
   * @throws IOException with a message for the user; a directory that others may change is refused
   */
  public static LayerStore open(Sys sys, byte[] path, Owners owners) throws IOException {
    Fd root = Directories.make(sys, path, MODE);
    try (Fd held = root) {
      Stat stat = new Stat();
      sys.fstatx(held.raw(), stat);
      boolean ours = stat.uid == OwnProcess.geteuid() || stat.uid == 0;
      if (!ours || (stat.mode & OTHERS_WRITE) != 0) {
        throw new LayerException(
            Name.of(path)
                + ": other users may change this directory, so it is no place for layers");
      }
      LayerStore store = new LayerStore(sys, path, new Fd(sys, held.take()), owners);
      store.sweep();
      return store;
    } catch (ErrnoException e) {
      throw Directories.failed(path, e);
    }
  }

  private void sweep() throws ErrnoException {
    int fd = sys.openat(root.raw(), Name.DOT, Linux.O_PATH | Linux.O_DIRECTORY, 0);
    try (Layer directory = Layer.inTheMaking(sys, path, fd)) {
      StagedDirectory.sweep(sys, directory);
    }
  }

  /**
   * The directories of an image's layers, topmost first; those that are missing are unpacked.
   *
   * @throws IOException with a message for the user
   */
  public List<byte[]> directories(ImageLayout layout, Image image, LayerUnpacking unpacking)
      throws IOException {
    List<byte[]> found = new ArrayList<>();
    String chain = "";
    for (Image.Layer layer : image.layers()) {
      chain = chain.isEmpty() ? layer.diffId().toString() : chained(chain, layer.diffId());
      Name alone = Name.of(layer.diffId().toString().replace(':', '-') + suffix);
      Name together = Name.of("chain-" + chain.replace(':', '-') + suffix);
      boolean plain = isPlain(found);
      Name name = plain && isThere(alone) ? alone : together;
      if (!isThere(name)) {
        name =
            unpack(
                layout, layer, unpacking, List.copyOf(found), plain ? alone : together, together);
      }
      found.add(0, below(name));
    }
    return found;
  }

  private static String chained(String chain, Digest diffId) {
    MessageDigest digest = Digest.sha256();
    digest.update((chain + " " + diffId).getBytes(StandardCharsets.US_ASCII));
    return Digest.ofSha256(digest).toString();
  }

  /* Whether the layers' root is as any other, so that it matters to no layer that says nothing of it. */
  private boolean isPlain(List<byte[]> below) throws IOException {
    try (LayersBelow layers = LayersBelow.open(sys, below)) {
      return layers.directory(EntryPath.ROOT) == null;
    } catch (ErrnoException e) {
      throw Directories.failed(path, e);
    }
  }

  private boolean isThere(Name name) {
    Stat stat = new Stat();
    return sys.tryStatx(root.raw(), name, stat) == 0 && stat.isDirectory();
  }

  private byte[] below(Name name) {
    return Name.of(path).concat(Name.of("/")).concat(name).bytes();
  }

  /* The name is alone, unless the layer is as it is because of those below. */
  private Name unpack(
      ImageLayout layout,
      Image.Layer layer,
      LayerUnpacking unpacking,
      List<byte[]> below,
      Name alone,
      Name together)
      throws IOException {
    Digest digest = layer.blob().digest();
    try (InputStream in = layout.blob(layer.blob());
        StagedDirectory staged = StagedDirectory.in(sys, duplicate(), together, below(together))) {
      Archive archive = new Archive("layer " + digest, in, digest, layer.diffId());
      Unpacked unpacked = unpacking.unpack(archive, staged, below);
      Name name = unpacked.dependent() ? together : alone;
      sys.syncfs(staged.fd());
      if (!staged.tryPublish(name) && !isThere(name)) {
        throw new LayerException(Name.of(below(name)) + ": it is in the way of a layer");
      }
      return name;
    } catch (ErrnoException e) {
      throw new LayerException(Name.of(path) + ": " + Errno.message(e.errno()), e);
    }
  }

  private Fd duplicate() throws ErrnoException {
    return new Fd(sys, sys.dup(root.raw()));
  }

  @Override
  public void close() {
    root.close();
  }
}
