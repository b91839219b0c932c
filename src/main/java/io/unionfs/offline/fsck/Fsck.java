package io.unionfs.offline.fsck;

import io.unionfs.layer.Layer;
import io.unionfs.offline.Claims;
import io.unionfs.offline.LayerSource;
import io.unionfs.offline.LayerSources;
import io.unionfs.offline.OpenLayers;
import io.unionfs.offline.fsck.Report.Tree;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The check of the layers of a union. Nothing is written, and no file of them is opened. */
public final class Fsck {
  private Fsck() {}

  /**
   * Checks every layer, and the work directory.
   *
   * @param claimed whether the caller has claimed the upper, so that no mount uses it
   * @return what origins tell of the lowers
   * @throws IOException if the layers cannot be opened, with a message for the user; what cannot be
   *     read in them is a finding
   */
  public static Provenance check(Sys sys, LayerSources sources, boolean claimed, FindingSink sink)
      throws IOException {
    LayerSource upper = sources.upper();
    try (OpenLayers layers = OpenLayers.open(sys, sources)) {
      boolean inUse = !claimed && upper != null && Claims.isClaimed(sys, upper.path());
      Provenance provenance = new Provenance();
      check(layers, inUse, claimed ? provenance : null, sink);
      return provenance;
    } catch (ErrnoException e) {
      throw new IOException("the layers cannot be read: " + e.getMessage(), e);
    }
  }

  private static void check(
      OpenLayers layers, boolean inUse, @Nullable Provenance provenance, FindingSink sink)
      throws IOException, ErrnoException {
    Layer upper = layers.upper();
    Layer work = layers.work();
    try (Origins origins = Origins.open(layers.sys(), layers.lowers())) {
      if (upper != null) {
        new LayerCheck(
                layers, upper, new Report(sink, upper.path(), Tree.UPPER), origins, provenance)
            .run();
      }
      if (upper != null && work != null) {
        try (Origins uppers = Origins.open(layers.sys(), List.of(upper))) {
          Report report = new Report(sink, work.path(), Tree.WORK);
          new WorkCheck(layers, report, origins, uppers).run(work, inUse);
        }
      }
      for (Layer lower : layers.lowers()) {
        new LayerCheck(layers, lower, new Report(sink, lower.path(), Tree.LOWER), origins, null)
            .run();
      }
    }
  }
}
