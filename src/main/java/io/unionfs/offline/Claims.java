package io.unionfs.offline;

import io.unionfs.layer.Directories;
import io.unionfs.layer.Directories.Checked;
import io.unionfs.layer.DirectoryLock;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sole right to write to an upper and its work directory: the locks that a mount takes as well,
 * and that no mount is there that takes none.
 */
public final class Claims implements AutoCloseable {
  private final List<DirectoryLock> held = new ArrayList<>();

  private Claims() {}

  /** Whether a mount uses a directory right now. */
  public static boolean isClaimed(Sys sys, byte[] path) throws ErrnoException {
    try {
      return DirectoryLock.isTaken(sys, path);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EACCES) {
        return false;
      }
      throw e;
    }
  }

  /**
   * Claims the upper of a union and its work directory, which must be apart from each other and
   * from the lowers, as for a mount.
   *
   * @param work null for none
   * @throws IOException if they are not, or a mount uses one of them; the message is for the user
   * @throws IllegalArgumentException if there is no upper
   */
  public static Claims take(Sys sys, LayerSources sources, @Nullable LayerSource work)
      throws IOException {
    Directories directories = new Directories(sys);
    Checked above = upper(directories, sources);
    List<Checked> writable = new ArrayList<>(List.of(above));
    if (work != null) {
      Checked beside = directories.check("work directory", work.path());
      directories.requireApart(above, beside);
      writable.add(beside);
    }
    for (LayerSource source : sources.lowers()) {
      Checked lower = directories.check("lower directory", source.path());
      for (Checked directory : writable) {
        directories.requireOutside(lower, directory);
      }
    }
    new LocklessMounts(sys, writable).requireNone();
    return lock(sys, writable);
  }

  private static Checked upper(Directories directories, LayerSources sources) throws IOException {
    LayerSource upper = sources.upper();
    if (upper == null) {
      throw new IllegalArgumentException("there is no upper directory that could change");
    }
    return directories.check("upper directory", upper.path());
  }

  private static Claims lock(Sys sys, List<Checked> writable) throws IOException {
    Claims claims = new Claims();
    boolean taken = false;
    try {
      for (Checked directory : writable) {
        claims.add(sys, directory);
      }
      taken = true;
      return claims;
    } finally {
      if (!taken) {
        claims.close();
      }
    }
  }

  private void add(Sys sys, Checked directory) throws IOException {
    try {
      DirectoryLock lock = DirectoryLock.of(sys, directory);
      held.add(lock);
      if (!lock.tryTake()) {
        throw new IOException(directory + " is in use by a mounted union; unmount that first");
      }
    } catch (ErrnoException e) {
      throw new IOException(directory + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    held.forEach(DirectoryLock::close);
  }
}
