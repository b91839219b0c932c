package io.unionfs.image.oci;

import io.unionfs.image.file.Directories;
import io.unionfs.image.file.FdInputStream;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An image layout that is read. What it says of a blob is checked against the blob. */
public final class ImageLayout implements AutoCloseable {
  static final Name INDEX = Name.of("index.json");
  static final Name BLOBS = Name.of("blobs");
  static final String TAG = "org.opencontainers.image.ref.name";
  static final String INDEX_TYPE = "application/vnd.oci.image.index.v1+json";

  private static final String DOCKER_LIST =
      "application/vnd.docker.distribution.manifest.list.v2+json";
  private static final int MOST_JSON_BYTES = 16 << 20;
  private static final int MOST_INDEXES = 8;

  private final Sys sys;
  private final byte[] path;
  private final Fd root;

  private ImageLayout(Sys sys, byte[] path, Fd root) {
    this.sys = sys;
    this.path = path;
    this.root = root;
  }

  /**
   * Opens a layout.
   *
   * @throws IOException with a message for the user
   */
  public static ImageLayout open(Sys sys, byte[] path) throws IOException {
    return new ImageLayout(sys, path, Directories.open(sys, path));
  }

  /** The index, null where there is none. */
  static @Nullable Json index(Sys sys, int rootFd, byte[] path) throws IOException {
    int fd = openRegular(sys, rootFd, INDEX);
    if (fd == -Errno.ENOENT) {
      return null;
    }
    if (fd < 0) {
      throw Directories.failed(path, ErrnoException.of(-fd));
    }
    try (FdInputStream in = FdInputStream.of(sys, fd)) {
      byte[] document = in.readNBytes(MOST_JSON_BYTES + 1);
      if (document.length > MOST_JSON_BYTES) {
        throw new ImageException(Name.of(path) + ": its index is too large");
      }
      return Json.read(Name.of(path) + "/index.json", document);
    } catch (ErrnoException e) {
      throw Directories.failed(path, e);
    }
  }

  /* No fifo or device is opened for reading, whatever name it has. */
  static int openRegular(Sys sys, int dirFd, Name name) {
    Stat stat = new Stat();
    int errno = sys.tryStatx(dirFd, name, stat);
    if (errno != 0) {
      return -errno;
    }
    return stat.isRegular()
        ? sys.tryOpenat(dirFd, name, Linux.O_RDONLY | Linux.O_NONBLOCK, 0)
        : -Errno.EINVAL;
  }

  /**
   * Reads an image.
   *
   * @param tag empty for the only one
   * @throws ImageException if there is none of that tag, or it contradicts itself
   */
  public Image image(String tag) throws IOException {
    Json index = index(sys, root.raw(), path);
    if (index == null) {
      throw new ImageException(Name.of(path) + ": no image layout: index.json is missing");
    }
    Descriptor descriptor = choose(tagged(index, tag), MOST_INDEXES);
    Json manifest = json("manifest", descriptor);
    Descriptor configuration = Descriptor.of(manifest.object("config"));
    Json config = json("configuration", configuration);
    return Image.of(manifest, config);
  }

  private List<Json> tagged(Json index, String tag) throws ImageException {
    List<Json> all = index.objects("manifests");
    List<Json> found = new ArrayList<>();
    List<String> tags = new ArrayList<>();
    for (Json each : all) {
      String present = each.object("annotations").text(TAG);
      if (present != null) {
        tags.add(Name.of(present).toString());
      }
      if (tag.isEmpty() || tag.equals(present)) {
        found.add(each);
      }
    }
    if (found.isEmpty() || (tag.isEmpty() && found.size() > 1)) {
      throw new ImageException(
          Name.of(path)
              + (tag.isEmpty() ? ": it has several images or none" : ": no image " + Name.of(tag))
              + "; its tags: "
              + (tags.isEmpty() ? "none" : String.join(", ", tags)));
    }
    return found;
  }

  /* The first for this machine; an index may hold others. */
  private Descriptor choose(List<Json> candidates, int depth) throws IOException {
    for (Json each : candidates) {
      Json platform = each.object("platform");
      boolean fits =
          !platform.has("architecture")
              || (Platform.architecture().equals(platform.text("architecture"))
                  && "linux".equals(platform.text("os")));
      if (fits) {
        Descriptor descriptor = Descriptor.of(each);
        boolean isIndex =
            descriptor.mediaType().equals(INDEX_TYPE) || descriptor.mediaType().equals(DOCKER_LIST);
        if (!isIndex) {
          return descriptor;
        }
        if (depth == 0) {
          throw new ImageException(Name.of(path) + ": its indexes are nested too deeply");
        }
        return choose(json("index", descriptor).objects("manifests"), depth - 1);
      }
    }
    throw new ImageException(Name.of(path) + ": no image for linux on " + Platform.architecture());
  }

  private Json json(String what, Descriptor descriptor) throws IOException {
    if (descriptor.size() > MOST_JSON_BYTES) {
      throw new ImageException("the " + what + " " + descriptor.digest() + " is too large");
    }
    var digest = descriptor.digest().start();
    byte[] document;
    try (InputStream in = blob(descriptor)) {
      document = in.readNBytes((int) descriptor.size() + 1);
    }
    digest.update(document);
    if (document.length != descriptor.size() || !descriptor.digest().matches(digest)) {
      throw new ImageException(
          "the " + what + " is not what its digest says: " + descriptor.digest());
    }
    return Json.read("the " + what + " " + descriptor.digest(), document);
  }

  /** Opens a blob; what is in it is for the reader to check. */
  public InputStream blob(Descriptor descriptor) throws IOException {
    try {
      return FdInputStream.of(sys, blobFd(descriptor));
    } catch (ErrnoException e) {
      throw missing(descriptor.digest(), e);
    }
  }

  private int blobFd(Descriptor descriptor) throws IOException {
    Digest digest = descriptor.digest();
    try (Fd blobs = subdirectory(root.raw(), BLOBS, digest);
        Fd directory = subdirectory(blobs.raw(), Name.of(digest.algorithm()), digest)) {
      int fd = openRegular(sys, directory.raw(), Name.of(digest.hex()));
      if (fd < 0) {
        throw missing(digest, ErrnoException.of(-fd));
      }
      return fd;
    }
  }

  private Fd subdirectory(int dirFd, Name name, Digest digest) throws IOException {
    int fd = sys.tryOpenat(dirFd, name, Linux.O_PATH | Linux.O_DIRECTORY, 0);
    if (fd < 0) {
      throw missing(digest, ErrnoException.of(-fd));
    }
    return new Fd(sys, fd);
  }

  private ImageException missing(Digest digest, ErrnoException e) {
    return new ImageException(
        Name.of(path) + ": the blob " + digest + ": " + Errno.message(e.errno()), e);
  }

  @Override
  public void close() {
    root.close();
  }
}
