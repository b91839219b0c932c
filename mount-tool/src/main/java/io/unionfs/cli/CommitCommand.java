package io.unionfs.cli;

import io.unionfs.control.HeldChanges;
import io.unionfs.image.Compression;
import io.unionfs.image.Cut;
import io.unionfs.image.DirectoryCommit;
import io.unionfs.image.EntryPath;
import io.unionfs.image.LayerChanges;
import io.unionfs.image.LayerCommit;
import io.unionfs.image.LayerCommit.Written;
import io.unionfs.image.LayerException;
import io.unionfs.image.LayerUnpacking;
import io.unionfs.image.LayerUnpacking.Watcher;
import io.unionfs.image.SpoolException;
import io.unionfs.image.UpperState;
import io.unionfs.image.file.Directories;
import io.unionfs.image.file.StagedDirectory;
import io.unionfs.image.file.StagedFile;
import io.unionfs.image.oci.Digest;
import io.unionfs.image.oci.Image;
import io.unionfs.image.oci.ImageLayout;
import io.unionfs.image.oci.ImageLayoutWriter;
import io.unionfs.image.oci.ImageLayoutWriter.Added;
import io.unionfs.image.oci.ImageLayoutWriter.Addition;
import io.unionfs.image.oci.ImageReference;
import io.unionfs.layer.Layer;
import io.unionfs.offline.OpenLayers;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code unionfs commit}: makes a layer of what an upper changes. */
@Command(
    name = "commit",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = {
      "Makes a layer of the changes in an upper directory: an archive as OCI images have it, an image"
          + " on top of another one, or a lower directory.",
      "The same changes give the same bytes. Of a live mount, what programs have written is in it. If"
          + " they change something meanwhile, everything is read first into a file beside the output (for"
          + " standard output, in $TMPDIR or /var/tmp), and changes wait while what changed since is read"
          + " again."
    },
    footer = {
      "",
      "Exit status: 0 done, 1 failure (nothing is left behind), 2 wrong usage.",
      "",
      "Example: unionfs commit -o oci:images:new --base oci:images:old /mnt/x"
    })
final class CommitCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(CommitCommand.class);
  private static final String EPOCH = "SOURCE_DATE_EPOCH";

  /* The end of the year 9999, the last that the image format's times can have. */
  private static final long MOST_SECONDS = 253_402_300_799L;

  /* What was changed while it was read ahead is read ahead once more, if it is much. */
  private static final int MOST_ROUNDS = 3;
  private static final long LITTLE_BYTES = 1 << 24;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "FILE|-|DIR/|oci:DIR:TAG",
      description = {
        "Where to: a file; standard output; a lower directory, if the name ends in a slash or is that"
            + " of an empty directory; an image in a layout on disk."
      })
  private String target = "";

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "tar (default for files), tar+gzip (default for images), or tar+zstd.")
  private @Nullable String format;

  @Option(
      names = "--base",
      paramLabel = "oci:DIR:TAG",
      description = {
        "The image that the lower directories came from; the new image has its layers, configuration"
            + " and history, and this layer on top."
      })
  private @Nullable String base;

  @Option(
      names = "--created-by",
      paramLabel = "TEXT",
      description = "What the image's history says of the layer. Default: unionfs commit")
  private String createdBy = "unionfs commit";

  @Mixin private final OutputOptions output = new OutputOptions();

  @Mixin private final LayersOperand operand = new LayersOperand();

  private @Nullable HeldChanges held;

  @Override
  public Integer call() throws IOException {
    Sys sys = Sys.linux();
    byte[] to = RawArguments.bytes(target);
    boolean image = ImageReference.isOne(to);
    if (base != null && !image) {
      throw new IllegalArgumentException("--base is for an image as output: -o oci:DIR:TAG");
    }
    try (Interruption interruption = Interruption.ofThisThread();
        Progress progress = new Progress("committing", Progress.UNKNOWN)) {
      if (image) {
        toImage(sys, ImageReference.parse(to), progress);
      } else if (target.equals("-")) {
        interruption.done(); // nothing that could be undone
        toStandardOutput(sys, progress);
      } else if (target.endsWith("/") || isDirectory(sys, to)) {
        toDirectory(sys, to, progress);
      } else {
        toFile(sys, to, progress);
      }
      interruption.done();
    }
    return 0;
  }

  private Compression compression(Compression unless) {
    String wanted = format;
    return wanted == null ? unless : Compression.parse(wanted);
  }

  private static boolean isDirectory(Sys sys, byte[] path) {
    Stat stat = new Stat();
    try {
      sys.statxPath(path, true, stat);
      return stat.isDirectory();
    } catch (ErrnoException e) {
      return false; // it is made, or the reason why not shows then
    }
  }

  /* What is done with the layers; done again if they changed meanwhile. */
  private interface Attempt<T> {
    T run(LayerChanges changes) throws IOException;
  }

  /**
   * Runs an attempt.
   *
   * @param repeatable whether it can be made once more
   * @param room the directory in which there is room for a copy of what the upper has
   */
  private <T> T atRest(
      Sys sys, boolean repeatable, byte[] room, Watcher watcher, Attempt<T> attempt)
      throws IOException {
    String mount = operand.mountPoint();
    if (mount == null) {
      try (OpenLayers layers = operand.open(sys)) {
        return attempt.run(LayerChanges.of(layers));
      }
    }
    Optional<T> result = repeatable ? whileOthersWork(sys, watcher, attempt) : Optional.empty();
    if (result.isPresent()) {
      return result.get();
    }
    MountedUnion union = MountedUnion.at(sys, mount);
    if (LiveLayers.of(sys, union).writesComeByServer() && !isIn(sys, union, room)) {
      try {
        return ofACut(sys, room, watcher, attempt);
      } catch (SpoolException e) {
        log.debug("read while others wait: {}", e.getMessage()); // nothing was made of it yet
      }
    }
    return whileOthersWait(sys, watcher, layers -> attempt.run(LayerChanges.of(layers)));
  }

  /* Who makes changes wait cannot make some there. */
  private static boolean isIn(Sys sys, MountedUnion union, byte[] directory) {
    Stat stat = new Stat();
    try {
      sys.statxPath(directory, true, stat);
      MountInfo mount = union.mount();
      return stat.dev == Linux.makedev(mount.major(), mount.minor());
    } catch (ErrnoException e) {
      return false; // then nothing can be made there either, and that is said
    }
  }

  /* Others wait while everything is looked at, and what changed since it was read is read again. */
  private <T> T ofACut(Sys sys, byte[] room, Watcher watcher, Attempt<T> attempt)
      throws IOException {
    try (Cut cut = Cut.in(sys, room)) {
      long before = Long.MAX_VALUE;
      long read = before / 2;
      for (int round = 0;
          round < MOST_ROUNDS && read > LITTLE_BYTES && read <= before / 2;
          round++) {
        before = read;
        try (OpenLayers layers = operand.open(sys)) {
          read = cut.readAhead(layers, watcher);
        }
      }
      try (OpenLayers layers = operand.open(sys)) {
        whileOthersWait(
            sys,
            layers,
            watcher,
            held -> {
              cut.take(held, watcher);
              return true;
            });
        return attempt.run(cut);
      }
    }
  }

  /* What is done with layers that do not change. */
  private interface WithLayers<T> {
    T run(OpenLayers layers) throws IOException;
  }

  /* Nobody has to wait, if nothing changes meanwhile anyway. */
  private <T> Optional<T> whileOthersWork(Sys sys, Watcher watcher, Attempt<T> attempt)
      throws IOException {
    try (OpenLayers layers = operand.open(sys)) {
      Layer upper = requireUpper(layers);
      Digest before = UpperState.of(upper, watcher);
      T result;
      try {
        result = attempt.run(LayerChanges.of(layers));
      } catch (LayerException e) {
        if (isUnchanged(sys, watcher, before)) {
          throw e;
        }
        return Optional.empty(); // it read what was being changed
      }
      return isUnchanged(sys, watcher, before) ? Optional.of(result) : Optional.empty();
    }
  }

  /* Asking for the layers again hands over what was written since. */
  private boolean isUnchanged(Sys sys, Watcher watcher, Digest before) throws IOException {
    try (OpenLayers layers = operand.open(sys)) {
      return UpperState.of(requireUpper(layers), watcher).equals(before);
    }
  }

  private <T> T whileOthersWait(Sys sys, Watcher watcher, WithLayers<T> attempt)
      throws IOException {
    try (OpenLayers layers = operand.open(sys)) {
      return whileOthersWait(sys, layers, watcher, attempt);
    }
  }

  private <T> T whileOthersWait(Sys sys, OpenLayers layers, Watcher watcher, WithLayers<T> attempt)
      throws IOException {
    String mount = String.valueOf(operand.mountPoint());
    MountInfo info = MountedUnion.at(sys, mount).mount();
    try (HeldChanges waiting = HeldChanges.of(sys, info.id(), MountedUnion.owner(info))) {
      if (waiting == null) {
        throw notAtRest(mount, "its server cannot make them wait");
      }
      held = waiting;
      Layer upper = requireUpper(layers);
      Digest before = UpperState.of(upper, watcher);
      T result = attempt.run(layers);
      if (!waiting.isHeld() || !UpperState.of(upper, watcher).equals(before)) {
        throw notAtRest(mount, "they did not wait until the end");
      }
      return result;
    } catch (ErrnoException e) {
      throw notAtRest(mount, Errno.message(e.errno()));
    } finally {
      held = null;
    }
  }

  private static IOException notAtRest(String mount, String reason) {
    return new IOException(
        RawArguments.show(mount)
            + ": programs go on changing files, and "
            + reason
            + "; end them, or remount it read-only");
  }

  private static Layer requireUpper(OpenLayers layers) throws LayerException {
    Layer upper = layers.upper();
    if (upper == null) {
      throw new LayerException("the union has no upper directory, so there is nothing to commit");
    }
    return upper;
  }

  private Watcher watcher(Progress progress) {
    return (entries, bytes) -> {
      progress.add(entries, bytes);
      HeldChanges waiting = held;
      if (waiting != null) {
        try {
          waiting.goOn();
        } catch (ErrnoException e) {
          throw notAtRest(String.valueOf(operand.mountPoint()), "they do not wait any longer");
        }
      }
    };
  }

  private void toFile(Sys sys, byte[] path, Progress progress) throws IOException {
    Directories.Split split = Directories.split(path);
    try (StagedFile file = StagedFile.in(sys, Directories.open(sys, split.parent()), path)) {
      file.requirePlace(split.name());
      Written written = write(sys, file, split.parent(), Compression.NONE, progress);
      file.publish(split.name());
      progress.close();
      report(written, null);
    }
  }

  private Written write(
      Sys sys, StagedFile file, byte[] room, Compression unless, Progress progress)
      throws IOException {
    Compression compression = compression(unless);
    Watcher watcher = watcher(progress);
    return atRest(
        sys,
        true,
        room,
        watcher,
        changes -> {
          file.restart();
          try (OutputStream out = file.out()) {
            return LayerCommit.write(changes, out, compression, watcher);
          }
        });
  }

  private void toStandardOutput(Sys sys, Progress progress) throws IOException {
    OutputStream out = new FileOutputStream(FileDescriptor.out);
    Compression compression = compression(Compression.NONE);
    Watcher watcher = watcher(progress);
    Written written =
        atRest(
            sys,
            false,
            RawArguments.bytes(temporary()),
            watcher,
            changes -> LayerCommit.write(changes, out, compression, watcher));
    progress.close();
    CommandSpec known = spec;
    if (known != null) {
      known.commandLine().getErr().println(written.diffId() + "  " + written.digest());
    }
    warn(written.sockets());
  }

  /* Not /tmp, which is often memory. */
  private static String temporary() {
    String directory = System.getenv("TMPDIR");
    return directory == null || directory.isEmpty() ? "/var/tmp" : directory;
  }

  private void toDirectory(Sys sys, byte[] path, Progress progress) throws IOException {
    if (format != null) {
      throw new IllegalArgumentException("a directory has no format; leave --format out");
    }
    List<StagedDirectory> made = new ArrayList<>();
    Watcher watcher = watcher(progress);
    try {
      Set<EntryPath> sockets =
          atRest(
              sys,
              true,
              Directories.split(path).parent(),
              watcher,
              changes -> {
                closeAll(made);
                StagedDirectory into = StagedDirectory.beside(sys, path);
                made.add(into);
                return DirectoryCommit.copy(
                    sys, changes, into, LayerUnpacking.defaultOwners(), watcher);
              });
      made.get(0).publish();
      progress.close();
      warn(sockets);
    } finally {
      closeAll(made);
    }
  }

  private static void closeAll(List<StagedDirectory> made) throws IOException {
    for (StagedDirectory each : made) {
      each.close();
    }
    made.clear();
  }

  private void toImage(Sys sys, ImageReference reference, Progress progress) throws IOException {
    if (reference.tag().isEmpty()) {
      throw new IllegalArgumentException("the new image needs a tag: -o oci:DIR:TAG");
    }
    Long epoch = epoch(System.getenv(EPOCH));
    String below = base;
    ImageReference lower = below == null ? null : ImageReference.parse(RawArguments.bytes(below));
    try (ImageLayout layout = lower == null ? null : ImageLayout.open(sys, lower.directory())) {
      Image image = layout == null || lower == null ? null : layout.image(lower.tag());
      try (ImageLayoutWriter writer = ImageLayoutWriter.open(sys, reference.directory());
          StagedFile blob = writer.newBlob()) {
        Written written = write(sys, blob, reference.directory(), Compression.GZIP, progress);
        Addition addition =
            new Addition(
                compression(Compression.GZIP).format(),
                written.digest(),
                written.size(),
                written.diffId(),
                created(epoch, written),
                RawArguments.show(createdBy));
        Added added = writer.add(layout, image, blob, addition, reference.tag());
        progress.close();
        report(written, added);
      }
    }
  }

  /* Of the changes, not of the clock, which would make another image each time. */
  private static Instant created(@Nullable Long epoch, Written written) {
    return Instant.ofEpochSecond(epoch == null ? Math.min(written.newest(), MOST_SECONDS) : epoch);
  }

  /** The time that {@code SOURCE_DATE_EPOCH} says, null if nobody set it. */
  static @Nullable Long epoch(@Nullable String variable) {
    if (variable == null) {
      return null;
    }
    try {
      long seconds = Long.parseLong(variable);
      if (seconds >= 0 && seconds <= MOST_SECONDS) {
        return seconds;
      }
    } catch (NumberFormatException e) {
      throw noEpoch(variable, e);
    }
    throw noEpoch(variable, null);
  }

  private static IllegalArgumentException noEpoch(String variable, @Nullable Exception cause) {
    return new IllegalArgumentException(
        EPOCH
            + " is no number of seconds from 0 to "
            + MOST_SECONDS
            + ": "
            + RawArguments.show(variable),
        cause);
  }

  private void report(Written written, @Nullable Added added) throws IOException {
    try (Output out = output.open()) {
      if (output.json()) {
        out.object(
            json -> {
              json.writeStringField("diffId", written.diffId().toString());
              json.writeStringField("digest", written.digest().toString());
              json.writeNumberField("size", written.size());
              json.writeNumberField("entries", written.entries());
              if (added != null) {
                json.writeStringField("manifest", added.manifest().toString());
                json.writeStringField("config", added.config().toString());
              }
            });
      } else {
        out.print("diffID    " + written.diffId()).println();
        out.print("digest    " + written.digest()).println();
        out.print("size      " + written.size()).println();
        if (added != null) {
          out.print("manifest  " + added.manifest()).println();
        }
      }
    }
    warn(written.sockets());
  }

  private void warn(Set<EntryPath> sockets) {
    CommandSpec known = spec;
    if (known != null && !sockets.isEmpty()) {
      known
          .commandLine()
          .getErr()
          .println(
              known.qualifiedName()
                  + ": warning: a layer cannot hold sockets; left out: "
                  + sockets);
    }
  }
}
