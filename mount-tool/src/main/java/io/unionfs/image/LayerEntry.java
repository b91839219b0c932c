package io.unionfs.image;

import io.unionfs.image.tar.TarHeader.Extent;
import io.unionfs.sys.Name;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One object of a layer, or one mark.
 *
 * @param path for a whiteout the path that it hides, for {@link Kind#OPAQUE} the directory
 * @param attributes null for marks; of a hard link those of the file, which readers set again
 * @param size of a file in bytes, holes included
 * @param extents where a file has data, in order
 * @param link the target of a symbolic link as it is, of a hard link as a path below the root
 * @param rdev the number of a device, as makedev(3) packs it
 */
public record LayerEntry(
    Kind kind,
    EntryPath path,
    @Nullable Attributes attributes,
    long size,
    List<Extent> extents,
    Name link,
    long rdev) {
  /** The kinds of entries. */
  public enum Kind {
    FILE,
    DIRECTORY,
    SYMLINK,
    HARD_LINK,
    CHARACTER_DEVICE,
    BLOCK_DEVICE,
    FIFO,
    /** A name that the layer declares deleted. */
    WHITEOUT,
    /** A directory through which nothing of the layers below shows. */
    OPAQUE
  }

  private static final Name NO_LINK = Name.of("");

  static LayerEntry mark(Kind kind, EntryPath path) {
    return new LayerEntry(kind, path, null, 0, List.of(), NO_LINK, 0);
  }

  static LayerEntry hardLink(EntryPath path, Attributes attributes, Name target) {
    return new LayerEntry(Kind.HARD_LINK, path, attributes, 0, List.of(), target, 0);
  }

  static LayerEntry symlink(EntryPath path, Attributes attributes, Name target) {
    return new LayerEntry(Kind.SYMLINK, path, attributes, 0, List.of(), target, 0);
  }

  static LayerEntry file(EntryPath path, Attributes attributes, long size, List<Extent> extents) {
    return new LayerEntry(Kind.FILE, path, attributes, size, extents, NO_LINK, 0);
  }

  /** A directory, a fifo, or a device. */
  static LayerEntry node(Kind kind, EntryPath path, Attributes attributes, long rdev) {
    return new LayerEntry(kind, path, attributes, 0, List.of(), NO_LINK, rdev);
  }

  /** The attributes of what has some. */
  Attributes required() {
    Attributes present = attributes;
    if (present == null) {
      throw new IllegalStateException(kind + " has no attributes");
    }
    return present;
  }
}
