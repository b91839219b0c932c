package io.unionfs.image.oci;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An image: its layers, and how they came to be. */
public final class Image {
  private final Json manifest;
  private final Json config;
  private final List<Layer> layers;
  private final List<Step> history;

  private Image(Json manifest, Json config, List<Layer> layers, List<Step> history) {
    this.manifest = manifest;
    this.config = config;
    this.layers = layers;
    this.history = history;
  }

  /**
   * A layer.
   *
   * @param blob the archive, perhaps compressed
   * @param diffId the digest of the archive, not compressed
   */
  public record Layer(Descriptor blob, Digest diffId) {}

  /**
   * A step of the history.
   *
   * @param created when, null if nothing is said
   * @param createdBy the command, empty if nothing is said
   * @param layer what it added, null for a step that changed the configuration alone
   */
  public record Step(
      @Nullable String created, String createdBy, String comment, @Nullable Layer layer) {}

  static Image of(Json manifest, Json config) throws ImageException {
    List<Json> blobs = manifest.objects("layers");
    List<String> diffIds = config.object("rootfs").texts("diff_ids");
    if (blobs.size() != diffIds.size()) {
      throw new ImageException(
          "the image contradicts itself: "
              + blobs.size()
              + " layers, and digests of "
              + diffIds.size());
    }
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < blobs.size(); i++) {
      layers.add(new Layer(Descriptor.of(blobs.get(i)), Digest.parse(diffIds.get(i))));
    }
    return new Image(manifest, config, List.copyOf(layers), steps(config, layers));
  }

  /* A history that does not fit the layers is shown as far as it does. */
  private static List<Step> steps(Json config, List<Layer> layers) throws ImageException {
    List<Step> steps = new ArrayList<>();
    int next = 0;
    for (Json each : config.objects("history")) {
      boolean empty = each.flag("empty_layer") || next >= layers.size();
      steps.add(
          new Step(
              each.text("created"),
              orEmpty(each.text("created_by")),
              orEmpty(each.text("comment")),
              empty ? null : layers.get(next)));
      next += empty ? 0 : 1;
    }
    for (; next < layers.size(); next++) {
      steps.add(new Step(null, "", "", layers.get(next)));
    }
    return List.copyOf(steps);
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  /** The layers, the lowest first, as images have them. */
  public List<Layer> layers() {
    return layers;
  }

  /** The steps, the first first. */
  public List<Step> history() {
    return history;
  }

  Json manifest() {
    return manifest;
  }

  Json config() {
    return config;
  }
}
