package io.unionfs.offline.fsck;

import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Mark;
import io.unionfs.layer.Marks;
import io.unionfs.layer.TreeRemoval;
import io.unionfs.layer.UpperLayers;
import io.unionfs.offline.Claims;
import io.unionfs.offline.LayerSource;
import io.unionfs.offline.LayerSources;
import io.unionfs.offline.OpenLayers;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * Each is one step that leaves a good state behind, so an interruption needs no care. Directories keep
 * their times: what is removed was not shown in them.
 */
/** The sole right to set an upper and its work directory right, and the doing of it. */
public final class Repairs implements AutoCloseable {
  private static final Name TRUSTED = Name.of("trusted.");

  private final Sys sys;
  private final Claims claims;
  private final UpperLayers layers;
  private final boolean hasWork;

  private Repairs(Sys sys, Claims claims, UpperLayers layers, boolean hasWork) {
    this.sys = sys;
    this.claims = claims;
    this.layers = layers;
    this.hasWork = hasWork;
  }

  /**
   * Claims the upper of a union, and its work directory.
   *
   * @throws IOException if there is no upper, it is not apart from the lowers or its work
   *     directory, a mount uses it, or it cannot be opened; the message is for the user
   */
  public static Repairs open(Sys sys, LayerSources sources) throws IOException {
    LayerSource upper = sources.upper();
    if (upper == null) {
      throw new IOException("there is no upper directory, and lower ones are never changed");
    }
    LayerSource work = workOf(sys, sources);
    Claims claims = Claims.take(sys, sources, work);
    boolean opened = false;
    try {
      byte[] upperPath = real(sys, upper);
      byte[] workPath = work == null ? upperPath : real(sys, work);
      UpperLayers layers = UpperLayers.open(sys, upperPath, workPath);
      opened = true;
      return new Repairs(sys, claims, layers, work != null);
    } catch (ErrnoException e) {
      throw new IOException("upper directory " + upper.shown() + ": " + e.getMessage(), e);
    } finally {
      if (!opened) {
        claims.close();
      }
    }
  }

  private static @Nullable LayerSource workOf(Sys sys, LayerSources sources) throws IOException {
    try (OpenLayers layers = OpenLayers.open(sys, sources)) {
      return layers.workSource();
    }
  }

  private static byte[] real(Sys sys, LayerSource source) throws ErrnoException {
    try (Fd fd = new Fd(sys, sys.openPath(source.path(), Linux.O_PATH | Linux.O_DIRECTORY, 0))) {
      return sys.readlinkat(Linux.AT_FDCWD, Name.of("/proc/self/fd/" + fd.raw()));
    }
  }

  /**
   * Carries out a repair.
   *
   * @throws ErrnoException the errno of the host, with nothing changed
   */
  public void carryOut(Repair repair) throws ErrnoException {
    List<Name> path = repair.path();
    if (!repair.isOurs() || (repair.inWork() && !hasWork)) {
      throw new IllegalArgumentException("no repair of ours: " + repair);
    }
    LayerDir dir = (repair.inWork() ? layers.work() : layers.upper()).root();
    for (Name step : path.subList(0, Math.max(0, path.size() - 1))) {
      dir = dir.child(step);
    }
    Name name = path.isEmpty() ? Name.DOT : path.get(path.size() - 1);
    SharedFd fd = dir.pin();
    try {
      carryOut(repair, dir, fd.fd(), name);
    } finally {
      fd.unpin();
    }
  }

  private void carryOut(Repair repair, LayerDir dir, int dirFd, Name name) throws ErrnoException {
    Name xattr = repair.xattr();
    switch (repair.kind()) {
      case REMOVE -> {
        Stat before = new Stat();
        sys.fstatx(dirFd, before);
        sys.unlinkat(dirFd, name, 0);
        sys.utimensat(
            dirFd, Name.DOT, before.atime, before.atimeNsec, before.mtime, before.mtimeNsec);
      }
      case REMOVE_TREE -> TreeRemoval.remove(dir, name);
      case REMOVE_MARK -> {
        if (xattr != null) {
          sys.removexattrat(dirFd, name, xattr);
        }
      }
      case ANNOUNCE -> {
        boolean trusted = xattr != null && xattr.startsWith(TRUSTED);
        Mark.Space space = trusted ? Mark.Space.TRUSTED : Mark.Space.USER;
        Marks.announceXattrWhiteouts(sys, dirFd, space);
        SharedFd root = layers.upper().root().pin();
        try {
          Marks.announceXattrWhiteouts(sys, root.fd(), space);
        } finally {
          root.unpin();
        }
      }
      case MOUNT -> throw new IllegalArgumentException("no repair of ours");
    }
  }

  @Override
  public void close() {
    layers.upper().close();
    layers.work().close();
    claims.close();
  }
}
