package io.unionfs.cli;

import io.unionfs.offline.LayerSources;
import io.unionfs.offline.OpenLayers;
import io.unionfs.sys.Sys;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What a command on layers works on: a live mount, or layers that are named. */
final class LayersOperand {
  @Mixin private final LayerOptions options = new LayerOptions();

  @Parameters(
      arity = "0..1",
      paramLabel = "MOUNTPOINT",
      description = "Where a union is mounted; instead of --lower and --upper.")
  private @Nullable String mountPoint;

  /** Where the union is mounted; null if layers are named. */
  @Nullable String mountPoint() {
    check();
    return mountPoint;
  }

  /**
   * The layers, by whichever way they were named.
   *
   * @throws IllegalArgumentException if none or both are given
   * @throws IOException if there is no union, or its server does not tell; the message is for the
   *     user
   */
  LayerSources sources(Sys sys) throws IOException {
    check();
    String mounted = mountPoint;
    return mounted == null
        ? options.sources()
        : LiveLayers.of(sys, MountedUnion.at(sys, mounted)).sources();
  }

  /** Opens the layers for reading; as {@link #sources}. */
  OpenLayers open(Sys sys) throws IOException {
    return OpenLayers.open(sys, sources(sys));
  }

  private void check() {
    if (mountPoint == null && !options.given()) {
      throw new IllegalArgumentException(
          "nothing to look at; give a mount point, or --lower DIR[:DIR...] and --upper DIR");
    }
    if (mountPoint != null && options.given()) {
      throw new IllegalArgumentException(
          "give either a mount point or --lower and --upper, not both");
    }
  }
}
