package io.unionfs.layer;

import io.unionfs.sys.Name;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Where the work dir of an upper is that was mounted without one being named. */
public final class DefaultWork {
  private static final Name INSIDE = Name.of(".unionfs-work");
  private static final int NAME_MAX = 255;

  private DefaultWork() {}

  /**
   * The path beside an upper, which comes first.
   *
   * @param upper an absolute path without links
   * @return null where there is no such name
   */
  public static byte @Nullable [] beside(byte[] upper) {
    int slash = lastSlash(upper);
    Name base = Name.of(upper, slash + 1, upper.length - slash - 1);
    Name name = Name.of(".").concat(base).concat(INSIDE);
    boolean possible = base.length() > 0 && name.length() <= NAME_MAX;
    return possible ? join(parent(upper), name) : null;
  }

  /** The path inside an upper. */
  public static byte[] inside(byte[] upper) {
    return join(upper, INSIDE);
  }

  /** The directory that a path without links lies in. */
  public static byte[] parent(byte[] path) {
    int slash = lastSlash(path);
    return slash <= 0 ? new byte[] {'/'} : Arrays.copyOf(path, slash);
  }

  private static byte[] join(byte[] parent, Name name) {
    boolean root = parent.length == 1 && parent[0] == '/';
    byte[] joined = Arrays.copyOf(parent, parent.length + (root ? 0 : 1) + name.length());
    int at = parent.length;
    if (!root) {
      joined[at++] = '/';
    }
    name.copyTo(joined, at);
    return joined;
  }

  private static int lastSlash(byte[] path) {
    for (int i = path.length - 1; i >= 0; i--) {
      if (path[i] == '/') {
        return i;
      }
    }
    return -1;
  }
}
