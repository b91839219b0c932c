package io.unionfs.cli;

import io.unionfs.control.ControlClient;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Sys;
import io.unionfs.transport.mount.MountFlags;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A change of the flags of a union that is mounted, as {@code mount -o remount} makes it. */
final class Remount {
  private static final long ATIME =
      Linux.MS_NOATIME | Linux.MS_RELATIME | Linux.MS_STRICTATIME | Linux.MS_NODIRATIME;

  private final Sys sys;

  Remount(Sys sys) {
    this.sys = sys;
  }

  /**
   * Applies words to the flags that the mount has. Words that are no flags mean nothing here: the
   * layers of a mounted union stay.
   *
   * @param warning is told that a union which cannot be written stays read-only, because mount(8)
   *     says {@code rw} without being asked; null to fail then
   * @throws IOException if that is not possible; the message is for the user
   */
  void run(String mountPoint, List<String> words, @Nullable Consumer<String> warning)
      throws IOException {
    MountedUnion union = MountedUnion.at(sys, mountPoint);
    MountInfo mount = union.mount();
    long before = flags(0, mount.options()) | flags(0, mount.superOptions());
    long after = flags(before, words);
    if ((before & ~after & Linux.MS_RDONLY) != 0 && isReadOnly(mount)) {
      String message =
          mount.mountPoint()
              + ": cannot be made writable: it was mounted without an upper directory, or read-only";
      if (warning == null) {
        throw new IOException(message);
      }
      warning.accept(message);
      after |= Linux.MS_RDONLY;
    }
    if ((after & ATIME) == 0) {
      after |= Linux.MS_RELATIME; // none of them would leave them as they are
    }
    byte[] type = MountedUnion.TYPE.getBytes(StandardCharsets.US_ASCII);
    try {
      sys.mount(mount.source().bytes(), union.bytes(), type, Linux.MS_REMOUNT | after, null);
    } catch (ErrnoException e) {
      String where = mount.mountPoint() + ": ";
      throw new IOException(
          switch (e.errno()) {
            case Errno.EBUSY -> where + "in use: a program has a file open for writing";
            case Errno.EPERM -> where + "only root may change the flags of a mount";
            default -> where + "cannot be remounted: " + Errno.message(e.errno());
          },
          e);
    }
  }

  private static long flags(long before, String words) {
    return flags(before, List.of(words.split(",", -1)));
  }

  private static long flags(long before, List<String> words) {
    long flags = before;
    for (String word : words) {
      flags = MountFlags.with(flags, word);
    }
    return flags;
  }

  private boolean isReadOnly(MountInfo mount) throws IOException {
    String said;
    try {
      said = ControlClient.status(sys, mount.id(), MountedUnion.owner(mount));
    } catch (ErrnoException e) {
      return false; // it does not say; what cannot be written will say so
    }
    return said != null
        && "true".equals(ListedMount.of(mount.mountPoint(), said).fields().get("readOnly"));
  }
}
