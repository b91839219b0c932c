package io.unionfs.control;

import io.unionfs.core.LayerPlace;
import io.unionfs.core.RedirectDir;
import io.unionfs.core.Statistics;
import io.unionfs.statistics.CacheFigures;
import io.unionfs.statistics.CopiedFile;
import io.unionfs.statistics.CopyUpFigures;
import io.unionfs.statistics.Latencies;
import io.unionfs.statistics.LatencyFigures;
import io.unionfs.statistics.OperationFigures;
import io.unionfs.sys.Name;
import java.util.Collections;
import java.util.List;

/** What a mount may say of itself, for tests. */
final class Statuses {
  static final MountedLayers LAYERS =
      new MountedLayers(
          List.of(
              new LayerPlace(Name.of("/l1"), 7, 8, 9),
              new LayerPlace(Name.of(new byte[] {'/', (byte) 0xff}), 10, -11, 12)),
          new LayerPlace(Name.of("/upper\\377"), 13, 14, 15),
          null,
          true,
          RedirectDir.FOLLOW,
          2);

  private Statuses() {}

  static MountStatus plain() {
    return withFeatures(List.of("READDIRPLUS", "NO_OPEN"));
  }

  /** One whose answer fits into no socket's buffer. */
  static MountStatus big() {
    return withFeatures(Collections.nCopies(100_000, "A_FEATURE_WITH_A_LONG_NAME"));
  }

  private static MountStatus withFeatures(List<String> features) {
    return new MountStatus(
        Name.of("/mnt/a \"b\""),
        Name.of(new byte[] {'x', (byte) 0xff, '\n'}),
        List.of(Name.of("/l1"), Name.of("/l2")),
        Name.of("/upper"),
        null,
        LAYERS,
        false,
        "kernel",
        "asked for",
        "cached",
        features,
        42,
        1_700_000_000,
        new Statistics(7, 8, 9));
  }

  /** What a mount may have counted. */
  static MountStatistics statistics() {
    long[] counts = new long[Latencies.BUCKETS];
    counts[5] = 9;
    counts[9] = 1;
    CopiedFile file = new CopiedFile("/a \\n", 4096, 1_500_000, 77, Name.of("p\n"));
    return new MountStatistics(
        Name.of("/mnt"),
        "kernel",
        42,
        1_500_000_000,
        List.of(new OperationFigures("LOOKUP", 100, LatencyFigures.of(counts, 2500))),
        new CopyUpFigures(
            1,
            2,
            4096,
            2_000_000,
            file,
            List.of(file),
            List.of(new CopyUpFigures.Program(Name.of("p\n"), 3, 4096))),
        List.of(
            new CacheFigures("names", 3, 1, 2, 640, 1000),
            new CacheFigures("descriptors", 0, 0, 0, -1, 16)),
        5,
        -1,
        new MountStatistics.Resources(-1, 1024, 1, 2, -1));
  }
}
