package io.unionfs.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.unionfs.image.oci.Image;
import io.unionfs.image.oci.Image.Step;
import io.unionfs.image.oci.ImageLayout;
import io.unionfs.image.oci.ImageReference;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unionfs history}: how an image came to be. */
@Command(
    name = "history",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description =
        "Lists the steps that made an image, the last first: when, how large the layer is that it"
            + " added, and the command.",
    footer = {
      "",
      "Exit status: 0, 1 failure (no such image, or it contradicts itself), 2 wrong usage.",
      "",
      "Example: unionfs history oci:images:new"
    })
final class HistoryCommand implements Callable<Integer> {
  private static final int DIGITS = 12;
  private static final int WIDTH = 80;

  @Mixin private final OutputOptions output = new OutputOptions();

  @Option(names = "--full", description = "Digests and commands in full.")
  private boolean full;

  @Parameters(
      paramLabel = "oci:DIR:TAG",
      arity = "1",
      description = "An image in a layout on disk.")
  private String image = "";

  @Override
  public Integer call() throws IOException {
    Sys sys = Sys.linux();
    ImageReference reference = ImageReference.parse(RawArguments.bytes(image));
    try (ImageLayout layout = ImageLayout.open(sys, reference.directory());
        Output out = output.open()) {
      List<Step> steps = new ArrayList<>(layout.image(reference.tag()).history());
      Collections.reverse(steps);
      if (output.json()) {
        for (Step step : steps) {
          out.object(json -> write(json, step));
        }
      } else {
        print(out, steps);
      }
    }
    return 0;
  }

  private static void write(JsonGenerator json, Step step) throws IOException {
    json.writeStringField("created", step.created());
    json.writeStringField("createdBy", step.createdBy());
    json.writeStringField("comment", step.comment());
    Image.@Nullable Layer layer = step.layer();
    if (layer != null) {
      json.writeStringField("digest", layer.blob().digest().toString());
      json.writeStringField("diffId", layer.diffId().toString());
      json.writeStringField("mediaType", layer.blob().mediaType());
      json.writeNumberField("size", layer.blob().size());
    }
  }

  private void print(Output out, List<Step> steps) throws IOException {
    TextTable table = new TextTable("");
    table.row("CREATED", "SIZE", "LAYER", "CREATED BY");
    for (Step step : steps) {
      Image.@Nullable Layer layer = step.layer();
      String created = step.created();
      table.row(
          created == null ? "-" : Name.of(created).toString(),
          layer == null ? "-" : Progress.size(layer.blob().size()),
          layer == null ? "-" : digest(layer),
          command(step));
    }
    table.print(out);
  }

  private String digest(Image.Layer layer) {
    String hex = layer.blob().digest().hex();
    return full ? layer.blob().digest().toString() : hex.substring(0, DIGITS);
  }

  /* Commands of images have line ends and tabs. */
  private String command(Step step) {
    String text = step.createdBy().replaceAll("\\s+", " ");
    String whole = Name.of(text).toString();
    return full || whole.length() <= WIDTH ? whole : whole.substring(0, WIDTH - 3) + "...";
  }
}
