package io.unionfs.cli;

import io.unionfs.image.LayerUnpacking;
import io.unionfs.image.LayerUnpacking.Archive;
import io.unionfs.image.LayerUnpacking.Unpacked;
import io.unionfs.image.file.Directories;
import io.unionfs.image.file.FdInputStream;
import io.unionfs.image.file.StagedDirectory;
import io.unionfs.image.oci.Image;
import io.unionfs.image.oci.ImageLayout;
import io.unionfs.image.oci.ImageReference;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code unionfs apply}: unpacks the layers of images into lower directories. */
@Command(
    name = "apply",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = {
      "Unpacks a layer, or all layers of an image, into lower directories for unionfs-mount.",
      "Layers are archives as OCI images have them, plain or compressed with gzip or zstd. The"
          + " directories appear when they are complete; if anything is wrong, there are none."
    },
    footer = {
      "",
      "Exit status: 0 done, 1 failure (nothing is left behind), 2 wrong usage.",
      "",
      "Example: unionfs apply layer.tar.gz /layers/one"
    })
final class ApplyCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = {"-l", "--lower"},
      paramLabel = "DIR[:DIR...]",
      description = {
        "The layers below a single layer, topmost first. Directories that an archive only passes"
            + " through keep the attributes they have there, and hard links may lead there."
      })
  private List<String> lowers = List.of();

  @Mixin private final UnpackOptions unpacking = new UnpackOptions();

  @Mixin private final OutputOptions output = new OutputOptions();

  @Parameters(
      index = "0",
      paramLabel = "FILE|-|oci:DIR:TAG",
      description = "An archive, standard input, or an image in a layout on disk.")
  private String source = "";

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "DIR",
      description = {
        "Where to: a directory that does not exist yet, or is empty; for an image as many as it has"
            + " layers, topmost first."
      })
  private List<String> targets = List.of();

  @Override
  public Integer call() throws IOException {
    Sys sys = Sys.linux();
    List<byte[]> directories = targets.stream().map(RawArguments::bytes).toList();
    byte[] from = RawArguments.bytes(source);
    try (Interruption interruption = Interruption.ofThisThread();
        Progress progress = new Progress("unpacking", Progress.UNKNOWN)) {
      LayerUnpacking work = unpacking.open(sys, progress::add);
      List<Unpacked> unpacked =
          ImageReference.isOne(from)
              ? applyImage(sys, work, ImageReference.parse(from), directories)
              : List.of(applyArchive(sys, work, directories));
      interruption.done();
      progress.close();
      report(unpacked, directories);
    }
    return 0;
  }

  private Unpacked applyArchive(Sys sys, LayerUnpacking work, List<byte[]> directories)
      throws IOException {
    if (directories.size() != 1) {
      throw new IllegalArgumentException("an archive is one layer; give one directory");
    }
    List<byte[]> below = new ArrayList<>();
    for (String list : lowers) {
      OptionWords.directories(list).forEach(each -> below.add(RawArguments.bytes(each)));
    }
    boolean stdin = source.equals("-");
    String label = stdin ? "standard input" : RawArguments.show(source);
    try (StagedDirectory staged = StagedDirectory.beside(sys, directories.get(0));
        InputStream in = stdin ? standardInput() : open(sys)) {
      Unpacked unpacked = work.unpack(new Archive(label, in, null, null), staged, below);
      staged.publish();
      return unpacked;
    }
  }

  /* Through a channel, because a read of it can be interrupted. */
  private static InputStream standardInput() {
    return Channels.newInputStream(new FileInputStream(FileDescriptor.in).getChannel());
  }

  private InputStream open(Sys sys) throws IOException {
    byte[] path = RawArguments.bytes(source);
    try {
      return FdInputStream.of(sys, sys.openPath(path, Linux.O_RDONLY, 0));
    } catch (ErrnoException e) {
      throw Directories.failed(path, e);
    }
  }

  private List<Unpacked> applyImage(
      Sys sys, LayerUnpacking work, ImageReference reference, List<byte[]> directories)
      throws IOException {
    if (!lowers.isEmpty()) {
      throw new IllegalArgumentException("an image has all its layers; --lower is for archives");
    }
    List<StagedDirectory> staged = new ArrayList<>();
    boolean complete = false;
    try (ImageLayout layout = ImageLayout.open(sys, reference.directory())) {
      List<Image.Layer> layers = layout.image(reference.tag()).layers();
      if (layers.size() != directories.size()) {
        throw new IllegalArgumentException(
            reference
                + " has "
                + layers.size()
                + " layers; give as many directories, topmost first");
      }
      List<Unpacked> unpacked = new ArrayList<>();
      List<byte[]> below = new ArrayList<>();
      for (int i = 0; i < layers.size(); i++) {
        Image.Layer layer = layers.get(i);
        StagedDirectory into =
            StagedDirectory.beside(sys, directories.get(directories.size() - 1 - i));
        staged.add(into);
        try (InputStream in = layout.blob(layer.blob())) {
          String label = "layer " + layer.blob().digest();
          Archive archive = new Archive(label, in, layer.blob().digest(), layer.diffId());
          unpacked.add(work.unpack(archive, into, List.copyOf(below)));
        }
        below.add(0, into.path());
      }
      for (StagedDirectory each : staged) {
        each.publish();
      }
      complete = true;
      Collections.reverse(unpacked);
      return unpacked;
    } finally {
      close(staged, !complete);
    }
  }

  private static void close(List<StagedDirectory> staged, boolean withdraw) throws IOException {
    IOException failed = null;
    for (StagedDirectory each : staged) {
      try (each) {
        if (withdraw) {
          each.withdraw();
        }
      } catch (IOException e) {
        failed = e;
      }
    }
    if (failed != null) {
      throw failed;
    }
  }

  private void report(List<Unpacked> unpacked, List<byte[]> directories) throws IOException {
    try (Output out = output.open()) {
      for (int i = 0; i < unpacked.size(); i++) {
        Unpacked each = unpacked.get(i);
        Name directory = Name.of(directories.get(i));
        if (output.json()) {
          out.object(
              json -> {
                Output.name(json, "directory", directory);
                json.writeStringField("diffId", each.diffId().toString());
                json.writeNumberField("entries", each.entries());
                json.writeArrayFieldStart("lostXattrs");
                for (Name lost : each.lost()) {
                  json.writeString(lost.toString());
                }
                json.writeEndArray();
              });
        } else {
          out.print(each.diffId() + "  " + directory).println();
        }
      }
    }
    CommandSpec known = spec;
    if (known != null) {
      unpacked.forEach(each -> UnpackOptions.warn(known, each));
    }
  }
}
