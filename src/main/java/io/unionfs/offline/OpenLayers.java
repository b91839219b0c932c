package io.unionfs.offline;

import io.unionfs.layer.DefaultWork;
import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.MarkRules;
import io.unionfs.layer.Marks;
import io.unionfs.stack.MergeRules;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * The upper is opened as lowers are: where the process may, through a clone of its mount that is
 * read-only, so that the kernel itself keeps it from being changed. No claim is made on it, because
 * reading beside a live mount is allowed. What is read of the upper of a live mount may be between two
 * states of the mount; each name by itself is before or after.
 */
/** The layers of a union, opened for reading only. */
public final class OpenLayers implements AutoCloseable {
  private final Sys sys;
  private final MarkRules rules;
  private final Marks marks;
  private final List<Layer> lowers = new ArrayList<>();
  private @Nullable Layer upper;
  private @Nullable Layer work;
  private @Nullable LayerSource workSource;

  private OpenLayers(Sys sys, MarkRules rules) {
    this.sys = sys;
    this.rules = rules;
    this.marks = Marks.readOnly(sys, rules);
  }

  /**
   * Opens layers.
   *
   * @throws IOException with a message for the user that names the directory; nothing is left open
   */
  public static OpenLayers open(Sys sys, LayerSources sources) throws IOException {
    OpenLayers layers = new OpenLayers(sys, sources.rules());
    boolean opened = false;
    try {
      layers.openAll(sources);
      opened = true;
      return layers;
    } finally {
      if (!opened) {
        layers.close();
      }
    }
  }

  private void openAll(LayerSources sources) throws IOException {
    LayerSource above = sources.upper();
    if (above != null) {
      Layer opened = open("upper directory", above);
      upper = opened;
      LayerSource beside = sources.work();
      workSource = beside;
      work = beside != null ? open("work directory", beside) : openDefaultWork(above);
      hide(opened, work);
    }
    for (LayerSource source : sources.lowers()) {
      Layer lower = open("lower directory", source);
      lowers.add(lower);
      hide(lower, upper);
      hide(lower, work);
    }
    lowers.get(lowers.size() - 1).setBottom();
    if (!sources.ownersTrusted()) {
      for (Layer layer : all()) {
        distrust(layer);
      }
    }
    Layer index = work;
    Layer present = upper;
    if (index != null && present != null) {
      index.setOwnerOverride(present.ownerOverride()); // copies in the index are the upper's
    }
  }

  private Layer open(String role, LayerSource source) throws IOException {
    try {
      return Layer.openLower(sys, source.path(), source.shown());
    } catch (ErrnoException e) {
      throw new IOException(
          role
              + " "
              + source.shown()
              + ": "
              + Errno.message(e.errno()).toLowerCase(java.util.Locale.ROOT),
          e);
    }
  }

  private @Nullable Layer openDefaultWork(LayerSource above) throws IOException {
    byte[] real = realPath(above);
    byte[] beside = DefaultWork.beside(real);
    Layer found = beside == null ? null : openIfThere(beside);
    return found != null ? found : openIfThere(DefaultWork.inside(real));
  }

  private byte[] realPath(LayerSource source) throws IOException {
    try (Fd fd = new Fd(sys, sys.openPath(source.path(), Linux.O_PATH | Linux.O_DIRECTORY, 0))) {
      return sys.readlinkat(Linux.AT_FDCWD, Name.of("/proc/self/fd/" + fd.raw()));
    } catch (ErrnoException e) {
      throw new IOException("upper directory " + source.shown() + ": " + e.getMessage(), e);
    }
  }

  private @Nullable Layer openIfThere(byte[] path) throws IOException {
    try {
      Stat stat = new Stat();
      sys.statxPath(path, false, stat);
      if (!stat.isDirectory()) {
        return null;
      }
      Layer opened = Layer.openLower(sys, path);
      workSource = LayerSource.of(path);
      return opened;
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT || e.errno() == Errno.EACCES) {
        return null; // the mount would not find it either
      }
      throw new IOException("work directory " + Name.of(path) + ": " + e.getMessage(), e);
    }
  }

  private static void hide(Layer layer, @Nullable Layer other) throws IOException {
    if (other == null) {
      return;
    }
    try {
      Stat stat = new Stat();
      other.root().stat(stat);
      layer.hide(stat);
    } catch (ErrnoException e) {
      throw new IOException(other + ": " + e.getMessage(), e);
    }
  }

  private static void distrust(Layer layer) throws IOException {
    try {
      layer.distrustOwners();
    } catch (ErrnoException e) {
      throw new IOException(layer + ": " + e.getMessage(), e);
    }
  }

  public Sys sys() {
    return sys;
  }

  public @Nullable Layer upper() {
    return upper;
  }

  /** The lower layers, topmost first. */
  public List<Layer> lowers() {
    return List.copyOf(lowers);
  }

  /** All layers, the upper first. */
  public List<Layer> all() {
    List<Layer> all = new ArrayList<>();
    Layer present = upper;
    if (present != null) {
      all.add(present);
    }
    all.addAll(lowers);
    return all;
  }

  /** What a layer is called: {@code upper}, {@code lower 1} for the topmost lower, and so on. */
  public String label(Layer layer) {
    return layer == upper ? "upper" : "lower " + (lowers.indexOf(layer) + 1);
  }

  /** The work dir's index of hard links; null where there is none. */
  public @Nullable LayerDir index() throws ErrnoException {
    Layer present = work;
    if (present == null) {
      return null;
    }
    Name name = Name.of("index");
    Stat stat = new Stat();
    int errno = present.root().tryStat(name, stat);
    if (errno != 0 && errno != Errno.ENOENT) {
      throw ErrnoException.of(errno);
    }
    return errno == 0 && stat.isDirectory() ? present.root().child(name, stat) : null;
  }

  /** The work dir; null where there is none. */
  public @Nullable Layer work() {
    return work;
  }

  /** Where the work dir is; null where there is none. */
  public @Nullable LayerSource workSource() {
    return workSource;
  }

  public MarkRules rules() {
    return rules;
  }

  /** The marks as they are read; nothing is written with them. */
  public Marks marks() {
    return marks;
  }

  public MergeRules merge() {
    return new MergeRules(marks, lowers());
  }

  /**
   * Whether the file that an origin mark names is in one of the lowers.
   *
   * @param path where it is looked for first
   * @return false as well where it cannot be told
   */
  public boolean haveOrigin(FileHandle handle, List<Name> path) throws ErrnoException {
    return new Origins(this).find(handle, path) != null;
  }

  /** The union's root. */
  public MergedDir root() {
    return root(all());
  }

  /** The root of what the lowers alone show. */
  public MergedDir lowerRoot() {
    return root(lowers());
  }

  private MergedDir root(List<Layer> layers) {
    return new MergedDir(marks, merge(), layers.stream().map(Layer::root).toList());
  }

  @Override
  public void close() {
    for (Layer layer : all()) {
      layer.close();
    }
    Layer present = work;
    if (present != null) {
      present.close();
    }
  }
}
