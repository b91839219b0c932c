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

/** A change of the flags of a union that is mounted, as {@code mount -o remount} makes it. */
final class Remount {
  private final Sys sys;

  Remount(Sys sys) {
    this.sys = sys;
  }

  /**
   * Applies words to the flags that the mount has. Words that are no flags mean nothing here: the
   * layers of a mounted union stay.
   *
   * @throws IOException if that is not possible; the message is for the user
   */
  void run(String mountPoint, List<String> words) throws IOException {
    MountedUnion union = MountedUnion.at(sys, mountPoint);
    MountInfo mount = union.mount();
    long before = flags(0, List.of((mount.options() + "," + mount.superOptions()).split(",", -1)));
    long after = flags(before, words);
    if ((before & ~after & Linux.MS_RDONLY) != 0) {
      requireWritable(mount);
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

  private static long flags(long before, List<String> words) {
    long flags = before;
    for (String word : words) {
      flags = MountFlags.with(flags, word);
    }
    return flags;
  }

  private void requireWritable(MountInfo mount) throws IOException {
    String said;
    try {
      said = ControlClient.status(sys, mount.id(), MountedUnion.owner(mount));
    } catch (ErrnoException e) {
      return; // it does not say; what cannot be written will say so
    }
    if (said != null
        && "true".equals(ListedMount.of(mount.mountPoint(), said).fields().get("readOnly"))) {
      throw new IOException(
          mount.mountPoint()
              + ": cannot be made writable: it was mounted without an upper directory, or read-only");
    }
  }
}
