package io.unionfs.image.oci;

import io.unionfs.image.file.Directories;
import io.unionfs.image.file.FdInputStream;
import io.unionfs.image.file.StagedFile;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/*
 * Blobs are written in private, and get their names together when all are complete; the index is last, so
 * that a tag never names what is not there. What fails leaves nothing, and needs not take away a blob that
 * another writer has seen. Writers of the same layout wait for each other only while they change the
 * index.
 */
/** An image layout that gets another image. */
public final class ImageLayoutWriter implements AutoCloseable {
  private static final String LAYER_TYPE = "application/vnd.oci.image.layer.v1.";
  private static final String MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
  private static final String CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";
  private static final String DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";
  private static final int MODE = 0755;
  private static final Name BLOBS_BELOW = Name.of("/blobs/sha256");
  private static final Name VERSION = Name.of("oci-layout");
  private static final byte[] VERSION_1 =
      "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.US_ASCII);

  private final Sys sys;
  private final byte[] path;
  private final Fd root;
  private final Fd blobs;
  private final List<byte[]> made;
  private final Map<Name, StagedFile> staged = new LinkedHashMap<>();
  private boolean complete;

  private ImageLayoutWriter(Sys sys, byte[] path, Fd root, Fd blobs, List<byte[]> made) {
    this.sys = sys;
    this.path = path;
    this.root = root;
    this.blobs = blobs;
    this.made = made;
  }

  /**
   * Opens a layout, making what is missing of it.
   *
   * @throws IOException with a message for the user; a directory that is something else is refused
   */
  public static ImageLayoutWriter open(Sys sys, byte[] path) throws IOException {
    List<byte[]> missing = Directories.missing(sys, Name.of(path).concat(BLOBS_BELOW).bytes());
    try (Fd root = Directories.make(sys, path, MODE)) {
      requireLayout(sys, root.raw(), path);
      try (Fd all = Directories.makeOne(sys, root.raw(), ImageLayout.BLOBS, MODE)) {
        Fd blobs = Directories.makeOne(sys, all.raw(), Name.of("sha256"), MODE);
        return new ImageLayoutWriter(sys, path, new Fd(sys, root.take()), blobs, missing);
      }
    } catch (ErrnoException e) {
      throw Directories.failed(path, e);
    }
  }

  /* One in the making has only its blobs. */
  private static void requireLayout(Sys sys, int rootFd, byte[] path) throws IOException {
    Stat stat = new Stat();
    if (sys.tryStatx(rootFd, VERSION, stat) != 0
        && !Directories.isEmptyBut(sys, rootFd, path, ImageLayout.BLOBS)) {
      throw new ImageException(
          Name.of(path) + ": it is no image layout, and not empty; give another directory");
    }
  }

  private static void write(Sys sys, int dirFd, byte[] path, Name name, byte[] content)
      throws IOException {
    try (StagedFile file = StagedFile.in(sys, duplicate(sys, dirFd, path), path)) {
      try (OutputStream out = file.out()) {
        out.write(content);
      }
      file.publish(name);
    }
  }

  private static Fd duplicate(Sys sys, int fd, byte[] path) throws IOException {
    try {
      return new Fd(sys, sys.dup(fd));
    } catch (ErrnoException e) {
      throw Directories.failed(path, e);
    }
  }

  /** Begins a blob, whose name is known when it is written: its digest's {@link Digest#hex}. */
  public StagedFile newBlob() throws IOException {
    return StagedFile.in(sys, duplicate(sys, blobs.raw(), path), path);
  }

  /**
   * What is added to an image.
   *
   * @param format of the layer's archive, as media types have it
   * @param blob the digest of the layer's archive
   * @param createdBy the command that the history tells
   */
  public record Addition(
      String format, Digest blob, long size, Digest diffId, Instant created, String createdBy) {}

  /** A new image, and its manifest. */
  public record Added(Digest manifest, Digest config) {}

  /**
   * Adds a layer to an image, or makes an image of it, and gives that a tag.
   *
   * @param layer the layer's archive, from {@link #newBlob} and complete; for the caller to close
   * @param base the layout of the image, null for none
   * @param image the image below, null for none
   */
  public Added add(
      @Nullable ImageLayout base,
      @Nullable Image image,
      StagedFile layer,
      Addition addition,
      String tag)
      throws IOException {
    List<Json> layers = new ArrayList<>();
    if (base != null && image != null) {
      for (Image.Layer each : image.layers()) {
        copy(base, each.blob());
      }
      for (Json each : image.manifest().objects("layers")) {
        layers.add(each.set("mediaType", ociType(each)));
      }
    }
    layers.add(
        new Descriptor(LAYER_TYPE + addition.format(), addition.blob(), addition.size()).json());
    byte[] config = config(image, addition).write();
    Descriptor configuration = putBlob(CONFIG_TYPE, config);
    Json manifest =
        Json.object()
            .set("schemaVersion", 2L)
            .set("mediaType", MANIFEST_TYPE)
            .set("config", configuration.json())
            .set("layers", layers);
    if (image != null && image.manifest().has("annotations")) {
      manifest.set("annotations", image.manifest().object("annotations"));
    }
    Descriptor written = putBlob(MANIFEST_TYPE, manifest.write());
    layer.publish(Name.of(addition.blob().hex()));
    for (Map.Entry<Name, StagedFile> each : staged.entrySet()) {
      each.getValue().publish(each.getKey());
    }
    setTag(written, tag);
    complete = true;
    return new Added(written.digest(), configuration.digest());
  }

  private static String ociType(Json layer) throws ImageException {
    String type = layer.requiredText("mediaType");
    if (!type.startsWith(DOCKER_LAYER)) {
      return type;
    }
    String packed = type.substring(DOCKER_LAYER.length());
    return LAYER_TYPE + "tar" + packed.replace('.', '+');
  }

  private static Json config(@Nullable Image image, Addition addition) throws ImageException {
    Json config =
        image == null
            ? Json.object()
                .set("architecture", Platform.architecture())
                .set("os", "linux")
                .set("config", Json.object())
            : image.config();
    List<String> diffIds = new ArrayList<>(config.object("rootfs").texts("diff_ids"));
    diffIds.add(addition.diffId().toString());
    List<Json> history = new ArrayList<>(config.objects("history"));
    history.add(
        Json.object()
            .set("created", addition.created().toString())
            .set("created_by", addition.createdBy()));
    return config
        .set("created", addition.created().toString())
        .set("rootfs", Json.object().set("type", "layers").set("diff_ids", diffIds))
        .set("history", history);
  }

  private Descriptor putBlob(String mediaType, byte[] content) throws IOException {
    MessageDigest digest = Digest.sha256();
    digest.update(content);
    Digest name = Digest.ofSha256(digest);
    try (OutputStream out = stage(Name.of(name.hex())).out()) {
      out.write(content);
    }
    return new Descriptor(mediaType, name, content.length);
  }

  private StagedFile stage(Name name) throws IOException {
    StagedFile file = newBlob();
    StagedFile other = staged.put(name, file);
    if (other != null) {
      other.close(); // a layer that an image has twice
    }
    return file;
  }

  private void copy(ImageLayout base, Descriptor blob) throws IOException {
    Name name = Name.of(blob.digest().hex());
    if (!blob.digest().algorithm().equals("sha256")) {
      throw new ImageException(
          "the layer " + blob.digest() + " of the base has a digest that cannot be written");
    }
    if (staged.containsKey(name) || isThere(blob.digest(), name)) {
      return;
    }
    try (InputStream in = base.blob(blob);
        OutputStream out = stage(name).out()) {
      if (!blob.digest().matches(digest(in, out))) {
        throw new ImageException(
            "a layer of the base is not what its digest says: " + blob.digest());
      }
    }
  }

  /* One that is damaged is none; a complete one takes its place. */
  private boolean isThere(Digest digest, Name name) throws IOException {
    int fd = ImageLayout.openRegular(sys, blobs.raw(), name);
    if (fd < 0) {
      return false;
    }
    try (InputStream in = FdInputStream.of(sys, fd)) {
      return digest.matches(digest(in, OutputStream.nullOutputStream()));
    } catch (ErrnoException e) {
      throw Directories.failed(path, e);
    }
  }

  private static MessageDigest digest(InputStream in, OutputStream out) throws IOException {
    MessageDigest digest = Digest.sha256();
    byte[] buffer = new byte[1 << 16];
    for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
      if (Thread.interrupted()) {
        throw new InterruptedIOException("interrupted");
      }
      digest.update(buffer, 0, read);
      out.write(buffer, 0, read);
    }
    return digest;
  }

  private void setTag(Descriptor manifest, String tag) throws IOException {
    try (Fd locked = lock()) {
      Stat stat = new Stat();
      if (sys.tryStatx(root.raw(), VERSION, stat) != 0) {
        write(sys, root.raw(), path, VERSION, VERSION_1);
      }
      Json index = ImageLayout.index(sys, root.raw(), path);
      List<Json> kept = new ArrayList<>();
      if (index == null) {
        index = Json.object().set("schemaVersion", 2L).set("mediaType", ImageLayout.INDEX_TYPE);
      }
      for (Json each : index.objects("manifests")) {
        if (!tag.equals(each.object("annotations").text(ImageLayout.TAG))) {
          kept.add(each);
        }
      }
      kept.add(manifest.json().set("annotations", Json.object().set(ImageLayout.TAG, tag)));
      index.set("manifests", kept);
      write(sys, root.raw(), path, ImageLayout.INDEX, index.write());
    }
  }

  private Fd lock() throws IOException {
    try {
      Fd fd = new Fd(sys, sys.openat(root.raw(), Name.DOT, Linux.O_RDONLY | Linux.O_DIRECTORY, 0));
      int errno = sys.tryFlock(fd.raw(), Linux.LOCK_EX);
      if (errno != 0 && errno != Errno.EOPNOTSUPP) {
        fd.close();
        throw ErrnoException.of(errno);
      }
      return fd;
    } catch (ErrnoException e) {
      throw Directories.failed(path, e);
    }
  }

  /** Removes what was written, unless an image was added. */
  @Override
  public void close() throws IOException {
    IOException failed = null;
    for (StagedFile each : staged.values()) {
      try {
        each.close();
      } catch (IOException e) {
        failed = e;
      }
    }
    blobs.close();
    root.close();
    if (!complete) {
      for (byte[] each : made) {
        // what another writer uses by now is not empty, and stays
        sys.tryUnlinkat(Linux.AT_FDCWD, Name.of(each), Linux.AT_REMOVEDIR);
      }
    }
    if (failed != null) {
      throw failed;
    }
  }
}
