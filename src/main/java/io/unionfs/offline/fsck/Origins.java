package io.unionfs.offline.fsck;

import io.unionfs.layer.Layer;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.ArrayList;
import java.util.List;

/** File handles of layers, looked up without touching the files. */
final class Origins implements AutoCloseable {
  /** What is known of a handle. */
  enum Answer {
    FOUND,
    GONE,
    /** The process may not look. */
    UNKNOWN
  }

  private final Sys sys;

  /* One for each file system; open_by_handle_at(2) takes no O_PATH descriptor. */
  private final List<Fd> roots = new ArrayList<>();

  private Origins(Sys sys) {
    this.sys = sys;
  }

  static Origins open(Sys sys, List<Layer> layers) throws ErrnoException {
    Origins origins = new Origins(sys);
    boolean opened = false;
    try {
      List<Long> devices = new ArrayList<>();
      for (Layer layer : layers) {
        if (!devices.contains(layer.dev())) {
          devices.add(layer.dev());
          origins.roots.add(new Fd(sys, layer.root().openSelf()));
        }
      }
      opened = true;
      return origins;
    } finally {
      if (!opened) {
        origins.close();
      }
    }
  }

  /**
   * Looks for the file of a handle.
   *
   * @param found its attributes, set where it is found
   */
  Answer find(FileHandle handle, Stat found) {
    boolean refused = false;
    for (Fd root : roots) {
      int fd = sys.tryOpenByHandleAt(root.raw(), handle, Linux.O_PATH);
      if (fd < 0) {
        // no error that says less than that there is no such file leads to a finding
        refused |= fd != -Errno.ESTALE && fd != -Errno.ENOENT && fd != -Errno.EINVAL;
        continue;
      }
      try (Fd owned = new Fd(sys, fd)) {
        sys.fstatx(owned.raw(), found);
        return Answer.FOUND;
      } catch (ErrnoException e) {
        refused = true;
      }
    }
    return refused ? Answer.UNKNOWN : Answer.GONE;
  }

  @Override
  public void close() {
    roots.forEach(Fd::close);
  }
}
