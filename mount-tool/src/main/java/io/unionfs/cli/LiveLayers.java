package io.unionfs.cli;

import io.unionfs.control.ControlClient;
import io.unionfs.control.LayersReader;
import io.unionfs.control.MountedLayers;
import io.unionfs.core.LayerPlace;
import io.unionfs.layer.MarkRules;
import io.unionfs.offline.LayerSource;
import io.unionfs.offline.LayerSources;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * A layer's path may lead elsewhere by now: something is mounted over it, perhaps the union itself, or
 * the server lives in another mount namespace. So what is there is compared with what the server has
 * open, and where it is something else the layer is taken through the server's own descriptor.
 */
/** The layers of a live mount, as its server tells. */
final class LiveLayers {
  private final Sys sys;
  private final MountedUnion union;
  private final MountedLayers layers;
  private final int pid;
  private final String transport;
  private final String io;

  private LiveLayers(
      Sys sys, MountedUnion union, MountedLayers layers, LayersReader.Answer answer) {
    this.sys = sys;
    this.union = union;
    this.layers = layers;
    this.pid = answer.pid();
    this.transport = answer.transport();
    this.io = answer.io();
  }

  /**
   * Asks the server of a mount, once the kernel has handed over to it what programs have written.
   *
   * @throws IOException if it does not tell; the message is for the user
   */
  static LiveLayers of(Sys sys, MountedUnion union) throws IOException {
    sync(sys, union);
    LayersReader.Answer answer = LayersReader.read(ask(sys, union));
    MountedLayers told = answer.layers();
    if (told == null) {
      throw new IOException(union.mount().mountPoint() + ": its server does not tell its layers");
    }
    return new LiveLayers(sys, union, told, answer);
  }

  private static void sync(Sys sys, MountedUnion union) throws IOException {
    try (Fd fd = new Fd(sys, sys.openPath(union.bytes(), Linux.O_RDONLY | Linux.O_DIRECTORY, 0))) {
      sys.syncfs(fd.raw());
    } catch (ErrnoException e) {
      throw new IOException(
          union.mount().mountPoint() + ": cannot be synced: " + Errno.message(e.errno()), e);
    }
  }

  private static String ask(Sys sys, MountedUnion union) throws IOException {
    String where = union.mount().mountPoint() + ": ";
    try {
      String said =
          ControlClient.status(sys, union.mount().id(), MountedUnion.owner(union.mount()));
      if (said == null) {
        throw new IOException(
            where + "its server has no control socket; name the layers with --lower and --upper");
      }
      return said;
    } catch (ErrnoException e) {
      throw new IOException(
          where
              + (e.errno() == Errno.EACCES || e.errno() == Errno.EPERM
                  ? "it is another user's mount"
                  : "its server does not answer: " + Errno.message(e.errno())),
          e);
    }
  }

  /** The name of the transport that serves the mount. */
  String transport() {
    return transport;
  }

  /**
   * Whether all that is written comes to the server, so that it can make it wait, and the ctime of
   * a file tells of it.
   */
  boolean writesComeByServer() {
    boolean refused = io.contains("refused"); // it may have been let through for a while
    return io.startsWith("cached") && !refused;
  }

  MountedUnion union() {
    return union;
  }

  LayerSources sources() throws IOException {
    List<LayerSource> lowers = new ArrayList<>();
    for (LayerPlace lower : layers.lowers()) {
      lowers.add(source("lower directory", lower));
    }
    return new LayerSources(
        lowers,
        sourceOrNull("upper directory", layers.upper()),
        sourceOrNull("work directory", layers.work()),
        new MarkRules(layers.redirectDir().follow(), null, layers.dotNames()),
        layers.xattrPermissions() != 0);
  }

  private @Nullable LayerSource sourceOrNull(String role, @Nullable LayerPlace place)
      throws IOException {
    return place == null ? null : source(role, place);
  }

  private LayerSource source(String role, LayerPlace place) throws IOException {
    byte[] path = place.path().bytes();
    if (isThere(path, place)) {
      return new LayerSource(path, place.path());
    }
    byte[] held = Name.of("/proc/" + pid + "/fd/" + place.fd()).bytes();
    if (isThere(held, place)) {
      return new LayerSource(held, place.path());
    }
    throw new IOException(
        role
            + " "
            + place.path()
            + ": what is there is not what the mount uses, and the server's own descriptor cannot be"
            + " opened");
  }

  private boolean isThere(byte[] path, LayerPlace place) {
    Stat stat = new Stat();
    try (Fd fd = new Fd(sys, sys.openPath(path, Linux.O_PATH | Linux.O_DIRECTORY, 0))) {
      sys.fstatx(fd.raw(), stat);
    } catch (ErrnoException e) {
      return false; // covered, moved, or in another namespace
    }
    return stat.dev == place.dev() && stat.ino == place.ino();
  }
}
