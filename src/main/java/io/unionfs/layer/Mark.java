package io.unionfs.layer;

import io.unionfs.sys.Name;
import java.nio.charset.StandardCharsets;

/**
 * A mark as it stands on disk: an xattr that programs like this one keep for themselves.
 *
 * @param space whose it is
 * @param key its name without the prefix, for example {@code opaque}
 * @param xattr its whole name
 */
public record Mark(Space space, String key, Name xattr) {
  /** The namespaces of marks. */
  public enum Space {
    TRUSTED("trusted.overlay."),
    USER("user.overlay."),
    FUSE_OVERLAYFS("user.fuseoverlayfs."),
    /** Owners and modes. */
    OWNERS("");

    private final Name prefix;

    Space(String prefix) {
      this.prefix = Name.of(prefix);
    }

    /** The xattr of a key. */
    public Name xattr(String key) {
      return prefix.concat(Name.of(key));
    }
  }

  /** The mark of a private xattr. */
  static Mark of(Name xattr) {
    for (Space space : Space.values()) {
      if (space != Space.OWNERS && xattr.startsWith(space.prefix)) {
        byte[] key = xattr.substring(space.prefix.length()).bytes();
        return new Mark(space, new String(key, StandardCharsets.ISO_8859_1), xattr);
      }
    }
    return new Mark(Space.OWNERS, xattr.toString(), xattr);
  }

  /** Whether it is one of overlayfs. */
  public boolean isOverlay() {
    return space == Space.TRUSTED || space == Space.USER;
  }
}
