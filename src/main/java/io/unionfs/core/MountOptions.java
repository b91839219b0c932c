package io.unionfs.core;

import io.unionfs.layer.MarkRules;
import io.unionfs.layer.WhiteoutFormat;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a union is made of and how it behaves.
 *
 * @param lowers the lower directories, topmost first; paths as bytes
 * @param upper the writable directory; null makes the union read-only
 * @param work the work dir; null takes one beside or in the upper
 * @param readOnly whether nothing may be changed even with an upper
 * @param allowOther whether other users than the mounting one may use the mount
 * @param kernelFlags mount flags that the kernel handles, as mount(8) spells them
 * @param fsname what {@code /proc/mounts} shows as source
 * @param isVolatile whether nothing is synced, as kernel overlayfs's {@code volatile}
 * @param xattrs whether extended attributes are supported
 * @param acl whether POSIX ACLs are supported
 * @param xattrPermissions whether the upper keeps owners and modes in xattrs, by the numbers of
 *     fuse-overlayfs: 0 if its root says so, 1 in {@code security.*}, 2 in {@code user.*}
 * @param owners how owners are shown where not as they are on disk
 * @param staticNlink whether every directory shows a link count of 1, which costs nothing to count
 * @param cacheBytes how much memory the lookup caches may take, in bytes
 * @param timeoutSeconds how long the kernel may keep entries and attributes; negative for what the
 *     transport can keep true
 * @param redirectDir what becomes of a renamed directory that has lower content
 * @param whiteouts the format of new whiteouts; null for the first that the upper can hold
 * @param dotNames whether {@code .wh.} names are marks in every layer, and not ordinary names
 * @param threads how many requests may be served at once; 0 for the transport's choice
 */
public record MountOptions(
    List<byte[]> lowers,
    byte @Nullable [] upper,
    byte @Nullable [] work,
    boolean readOnly,
    boolean allowOther,
    List<String> kernelFlags,
    byte[] fsname,
    boolean isVolatile,
    boolean xattrs,
    boolean acl,
    int xattrPermissions,
    ShownOwners owners,
    boolean staticNlink,
    long cacheBytes,
    double timeoutSeconds,
    RedirectDir redirectDir,
    @Nullable WhiteoutFormat whiteouts,
    boolean dotNames,
    int threads) {

  /** Whether others change the layers behind the mount, so that nothing may be remembered. */
  public boolean isShared() {
    return timeoutSeconds == 0;
  }

  MarkRules markRules() {
    return new MarkRules(redirectDir.follow(), whiteouts, dotNames);
  }

  public static Builder builder() {
    return new Builder();
  }

  /** A maker of options; not for use by several threads. */
  public static final class Builder {
    private static final long DEFAULT_CACHE_BYTES =
        Math.min(64L << 20, Runtime.getRuntime().maxMemory() / 4);

    private final List<byte[]> lowers = new ArrayList<>();
    private final List<String> kernelFlags = new ArrayList<>();
    private byte @Nullable [] upper;
    private byte @Nullable [] work;
    private boolean readOnly;
    private boolean allowOther;
    private byte[] fsname = {'u', 'n', 'i', 'o', 'n', 'f', 's'};
    private boolean isVolatile;
    private boolean xattrs = true;
    private boolean acl = true;
    private int xattrPermissions;
    private ShownOwners owners = ShownOwners.AS_STORED;
    private boolean staticNlink;
    private long cacheBytes = DEFAULT_CACHE_BYTES;
    private double timeoutSeconds = -1;
    private RedirectDir redirectDir = RedirectDir.OFF;
    private @Nullable WhiteoutFormat whiteouts;
    private boolean dotNames;
    private int threads;

    private Builder() {}

    /** Adds a lower directory below those given before. */
    public Builder lower(byte[] path) {
      lowers.add(path.clone());
      return this;
    }

    public Builder upper(byte @Nullable [] path) {
      upper = path == null ? null : path.clone();
      return this;
    }

    public Builder work(byte @Nullable [] path) {
      work = path == null ? null : path.clone();
      return this;
    }

    public Builder readOnly(boolean value) {
      readOnly = value;
      return this;
    }

    public Builder allowOther(boolean value) {
      allowOther = value;
      return this;
    }

    /** Adds a mount flag such as {@code nosuid}. */
    public Builder kernelFlag(String flag) {
      kernelFlags.add(flag);
      return this;
    }

    public Builder fsname(byte[] name) {
      fsname = name.clone();
      return this;
    }

    public Builder isVolatile(boolean value) {
      isVolatile = value;
      return this;
    }

    public Builder xattrs(boolean value) {
      xattrs = value;
      return this;
    }

    public Builder acl(boolean value) {
      acl = value;
      return this;
    }

    /**
     * Makes the upper keep owners and modes in xattrs.
     *
     * @throws IllegalArgumentException if it is not 0, 1, or 2
     */
    public Builder xattrPermissions(int number) {
      if (number < 0 || number > 2) {
        throw new IllegalArgumentException("xattr_permissions must be 1 or 2: " + number);
      }
      xattrPermissions = number;
      return this;
    }

    public Builder owners(ShownOwners value) {
      owners = value;
      return this;
    }

    public Builder staticNlink(boolean value) {
      staticNlink = value;
      return this;
    }

    /**
     * Limits the lookup caches.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder cacheBytes(long bytes) {
      if (bytes <= 0) {
        throw new IllegalArgumentException("cache size must be positive: " + bytes);
      }
      cacheBytes = bytes;
      return this;
    }

    public Builder timeoutSeconds(double seconds) {
      timeoutSeconds = seconds;
      return this;
    }

    public Builder redirectDir(RedirectDir value) {
      redirectDir = value;
      return this;
    }

    public Builder whiteouts(@Nullable WhiteoutFormat format) {
      whiteouts = format;
      return this;
    }

    public Builder dotNames(boolean value) {
      dotNames = value;
      return this;
    }

    public Builder threads(int number) {
      threads = number;
      return this;
    }

    public MountOptions build() {
      return new MountOptions(
          List.copyOf(lowers),
          upper,
          work,
          readOnly,
          allowOther,
          List.copyOf(kernelFlags),
          fsname,
          isVolatile,
          xattrs,
          acl,
          xattrPermissions,
          owners,
          staticNlink,
          cacheBytes,
          timeoutSeconds,
          redirectDir,
          whiteouts,
          dotNames,
          threads);
    }
  }
}
