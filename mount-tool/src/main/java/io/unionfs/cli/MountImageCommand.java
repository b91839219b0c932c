package io.unionfs.cli;

import io.unionfs.image.LayerStore;
import io.unionfs.image.LayerUnpacking;
import io.unionfs.image.LayerUnpacking.Owners;
import io.unionfs.image.oci.ImageLayout;
import io.unionfs.image.oci.ImageReference;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * What {@code unionfs-mount --image} begins with: unpacks the layers that are missing, and prints
 * the arguments of the mount, with the layers' directories in the image's place, quoted for a
 * shell.
 */
@Command(name = "mount-image", hidden = true, description = "For the launcher.")
final class MountImageCommand implements Callable<Integer> {
  private static final String IMAGE = "--image";
  private static final String STORE = "--store";

  @Parameters(arity = "0..*", paramLabel = "ARGUMENT")
  private List<String> arguments = List.of();

  private final List<String> out = new ArrayList<>();
  private @Nullable String image;
  private @Nullable String store;
  private int place;

  @Override
  public Integer call() throws IOException {
    read();
    String wanted = image;
    if (wanted == null || arguments.contains("--help") || arguments.contains("-h")) {
      print(arguments);
      return 0;
    }
    Sys sys = Sys.linux();
    ImageReference reference = ImageReference.parse(RawArguments.bytes(wanted));
    List<String> lowers = new ArrayList<>();
    try (Interruption interruption = Interruption.ofThisThread();
        Progress progress = new Progress("unpacking", Progress.UNKNOWN)) {
      for (byte[] directory : directories(sys, reference, progress)) {
        lowers.add("--lower=" + escaped(new String(directory, StandardCharsets.ISO_8859_1)));
      }
      interruption.done();
    }
    out.addAll(place, lowers);
    print(out);
    return 0;
  }

  private List<byte[]> directories(Sys sys, ImageReference reference, Progress progress)
      throws IOException {
    Owners owners = LayerUnpacking.defaultOwners();
    LayerUnpacking unpacking = new LayerUnpacking(sys, owners, null, progress::add);
    String directory = store;
    byte[] path = directory == null ? StorePath.ofUser() : RawArguments.bytes(directory);
    try (ImageLayout layout = ImageLayout.open(sys, reference.directory());
        LayerStore layers = LayerStore.open(sys, path, owners)) {
      return layers.directories(layout, layout.image(reference.tag()), unpacking);
    }
  }

  private void read() {
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      boolean isImage = argument.equals(IMAGE) || argument.startsWith(IMAGE + "=");
      boolean isStore = argument.equals(STORE) || argument.startsWith(STORE + "=");
      if (argument.equals("--")) {
        out.addAll(arguments.subList(i, arguments.size()));
        return;
      }
      if (!isImage && !isStore) {
        out.add(argument);
        continue;
      }
      String value;
      int equals = argument.indexOf('=');
      if (equals >= 0) {
        value = argument.substring(equals + 1);
      } else if (i + 1 < arguments.size()) {
        value = arguments.get(++i);
      } else {
        throw new IllegalArgumentException(argument + " needs a value");
      }
      if (isStore) {
        store = value;
      } else if (image == null) {
        image = value;
        place = out.size();
      } else {
        throw new IllegalArgumentException("--image is given twice; one image is mounted");
      }
    }
  }

  private static String escaped(String directory) {
    return directory.replace("\\", "\\\\").replace(":", "\\:");
  }

  private static void print(List<String> arguments) {
    StringBuilder line = new StringBuilder();
    for (String argument : arguments) {
      line.append(" '").append(argument.replace("'", "'\\''")).append('\'');
    }
    byte[] bytes = line.toString().getBytes(StandardCharsets.ISO_8859_1);
    System.out.write(bytes, 0, bytes.length);
    System.out.flush();
  }
}
