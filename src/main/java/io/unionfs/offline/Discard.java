package io.unionfs.offline;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.stack.DiscardSteps;
import io.unionfs.sys.Dirents;
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
 * To throw a change away is to take the upper's object away, so that what the lowers have shows again. That
 * is so only where the directory that the object is in shows what the lowers have at the same path; and only
 * for all of a change: what was renamed is two names, a changed file with several names is all of them. What would leave anything else behind is refused before anything is touched (DiscardPlan).
 */
/**
 * Throws away what an upper changes below some paths, while no mount uses it; or tells what the
 * server of the mount has to do that uses it.
 */
public final class Discard implements AutoCloseable {
  private final Sys sys;
  private final LayerSources sources;
  private final List<List<Name>> paths;
  private final OpenLayers layers;
  private final boolean live;
  private @Nullable Claims claims;
  private @Nullable DiscardPlan links;

  private Discard(
      Sys sys, LayerSources sources, List<List<Name>> paths, OpenLayers layers, boolean live) {
    this.sys = sys;
    this.sources = sources;
    this.paths = withoutNested(paths);
    this.layers = layers;
    this.live = live;
  }

  /**
   * Opens and locks the layers; nothing is changed yet.
   *
   * @param paths below the union's root; an empty one is everything
   * @throws IOException if a mount uses the upper, or it is not as a mount leaves it; the message
   *     is for the user
   * @throws IllegalArgumentException if there is no upper
   */
  public static Discard open(Sys sys, LayerSources sources, List<List<Name>> paths)
      throws IOException {
    requireUpper(sources);
    Discard discard = new Discard(sys, sources, paths, OpenLayers.open(sys, sources), false);
    boolean opened = false;
    try {
      discard.lock();
      opened = true;
      return discard;
    } finally {
      if (!opened) {
        discard.close();
      }
    }
  }

  /**
   * Opens the layers of a mounted union, to look: what is to be done, {@link #steps}, its server
   * does.
   *
   * @throws IOException if a layer cannot be opened; the message is for the user
   * @throws IllegalArgumentException if there is no upper
   */
  public static Discard ofMounted(Sys sys, LayerSources sources, List<List<Name>> paths)
      throws IOException {
    requireUpper(sources);
    return new Discard(sys, sources, paths, OpenLayers.open(sys, sources), true);
  }

  private static void requireUpper(LayerSources sources) {
    if (sources.upper() == null) {
      throw new IllegalArgumentException("there is no upper directory that could change anything");
    }
  }

  private static List<List<Name>> withoutNested(List<List<Name>> paths) {
    List<List<Name>> kept = new ArrayList<>();
    for (List<Name> path : paths) {
      boolean nested =
          kept.contains(path)
              || paths.stream()
                  .anyMatch(
                      other ->
                          other.size() < path.size()
                              && path.subList(0, other.size()).equals(other));
      if (!nested) {
        kept.add(path);
      }
    }
    return kept;
  }

  private void lock() throws IOException {
    claims = Claims.take(sys, sources, layers.workSource());
    Layer work = layers.work();
    if (work != null) {
      requireCleanEnd(work);
    }
  }

  /* What a crash left there is for the next mount to end, or forbids any. */
  private void requireCleanEnd(Layer work) throws IOException {
    LayerDir incompat = work.root().child(Name.of("work")).child(Name.of("incompat"));
    try (Fd fd = new Fd(sys, incompat.openSelf());
        Dirents entries = Dirents.open(sys, fd.raw())) {
      while (entries.next()) {
        if (!entries.isDotOrDotDot()) {
          throw new IOException(
              work
                  + ": work/incompat/"
                  + entries.name()
                  + " says that the last mount did not end cleanly; mount the union once first");
        }
      }
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOENT && e.errno() != Errno.ESTALE) {
        throw new IOException(work + "/work/incompat: " + Errno.message(e.errno()), e);
      }
    }
  }

  /** Tells what would be lost, path by path, as a diff that reads files tells it. */
  public void list(DiffSink sink) throws IOException {
    UpperDiff.runEach(layers, paths, true, sink);
  }

  /**
   * Whether what is at a path of the union goes, or becomes another thing there, so that nobody who
   * uses it by that path can keep it: all that the upper has a part in, but for a directory that
   * the lowers have too; and wherever it is, a name that only a lower has of a file that was
   * changed under one that goes.
   *
   * @throws IOException if the layers cannot be looked at, or as {@link #check}; the message is for
   *     the user
   */
  public boolean takes(List<Name> path) throws IOException {
    try {
      if (DiscardPlan.takes(layers, paths, path)) {
        return true;
      }
      Side lower = DiscardPlan.lowerLink(layers, path);
      return lower != null && links().takesCopyOf(lower);
    } catch (ErrnoException e) {
      throw new IOException(Paths.join(path) + ": " + Errno.message(e.errno()), e);
    }
  }

  /**
   * Checks that all of it can be thrown away.
   *
   * @throws IOException if something cannot; the message names it and is for the user
   */
  public void check() throws IOException {
    plan();
  }

  /* For a look at one moment, as the list is. */
  private DiscardPlan links() throws IOException {
    DiscardPlan known = links;
    if (known == null) {
      known = DiscardPlan.withOriginals(layers, paths, live);
      links = known;
    }
    return known;
  }

  private DiscardPlan plan() throws IOException {
    return DiscardPlan.of(layers, paths, live);
  }

  /**
   * What is to be done; nobody may change the upper from before this until it is done.
   *
   * @throws IOException as {@link #check}
   */
  public DiscardSteps steps() throws IOException {
    try {
      return plan().steps();
    } catch (ErrnoException e) {
      throw new IOException("the index of hard links: " + Errno.message(e.errno()), e);
    }
  }

  /**
   * Throws it away: each of the paths in one step, or for the root each entry of it.
   *
   * @throws IOException as {@link #check}, with nothing changed; or if the upper cannot be changed,
   *     and then what was done before stays done
   * @throws IllegalStateException if a mount uses the upper
   */
  public void run() throws IOException {
    if (claims == null) {
      throw new IllegalStateException("the layers are not locked");
    }
    DiscardSteps steps = steps();
    LayerSource source = sources.upper();
    if (steps.isEmpty() || source == null) {
      return;
    }
    byte[] upper = real(source);
    byte[] given = workPath(upper);
    try (StagingDir staging = StagingDir.open(sys, upper, given)) {
      DiscardPlan.run(steps, staging, layers.rules());
    } catch (ErrnoException e) {
      throw new IOException(source.shown() + ": " + Errno.message(e.errno()), e);
    }
  }

  private byte @Nullable [] workPath(byte[] upper) throws IOException {
    LayerSource work = sources.work();
    if (work != null) {
      return real(work);
    }
    Layer found = layers.work();
    return found == null ? null : StagingDir.defaultOf(sys, upper);
  }

  private byte[] real(LayerSource source) throws IOException {
    try (Fd fd = new Fd(sys, sys.openPath(source.path(), Linux.O_PATH | Linux.O_DIRECTORY, 0))) {
      return sys.readlinkat(Linux.AT_FDCWD, Name.of("/proc/self/fd/" + fd.raw()));
    } catch (ErrnoException e) {
      throw new IOException(source.shown() + ": " + Errno.message(e.errno()), e);
    }
  }

  @Override
  public void close() {
    Claims held = claims;
    if (held != null) {
      held.close();
    }
    layers.close();
  }

  /** What a file is, for {@link DiscardPlan}. */
  static Stat statOf(LayerDir dir, Name name) throws ErrnoException {
    Stat stat = new Stat();
    int errno = dir.tryStat(name, stat);
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
    return stat;
  }
}
