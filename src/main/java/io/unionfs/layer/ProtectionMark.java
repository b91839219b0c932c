package io.unionfs.layer;

import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/*
 * A copy of an immutable or append-only lower file cannot have these flags itself: it could not be
 * renamed to its place, nor written for a program that appends. Kernel overlayfs keeps them in the
 * xattr overlay.protattr instead, one letter each as lsattr(1) shows them, and so do we.
 */
/** The immutable and append-only flags of a file (chattr +i, +a), its own or marked in an xattr. */
public final class ProtectionMark {
  /** A file that takes appended data only, or a directory that takes new names only. */
  public static final int APPEND = 1;

  /** A file or directory that takes no change. */
  public static final int IMMUTABLE = 2;

  private static final long STATX_ATTR_IMMUTABLE = 0x10;
  private static final long STATX_ATTR_APPEND = 0x20;

  private final Name xattr;

  public ProtectionMark(Marks marks) {
    this.xattr = marks.prefix().concat(Name.of("protattr"));
  }

  /** The flags that a host's file has itself. */
  public static int ofHost(Stat stat) {
    return ((stat.attributes & STATX_ATTR_IMMUTABLE) != 0 ? IMMUTABLE : 0)
        | ((stat.attributes & STATX_ATTR_APPEND) != 0 ? APPEND : 0);
  }

  /** The xattr's name. */
  public Name xattr() {
    return xattr;
  }

  /** The flags that an xattr's value says; letters that nobody has defined say nothing. */
  public static int decode(byte @Nullable [] value) {
    int flags = 0;
    if (value != null) {
      for (byte letter : value) {
        flags |= letter == 'i' ? IMMUTABLE : letter == 'a' ? APPEND : 0;
      }
    }
    return flags;
  }

  /** The xattr's value for flags of which there are some. */
  public static byte[] encode(int flags) {
    String letters = ((flags & APPEND) != 0 ? "a" : "") + ((flags & IMMUTABLE) != 0 ? "i" : "");
    return letters.getBytes(StandardCharsets.US_ASCII);
  }
}
