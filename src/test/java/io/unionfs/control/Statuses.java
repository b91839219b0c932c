package io.unionfs.control;

import io.unionfs.core.Statistics;
import io.unionfs.sys.Name;
import java.util.Collections;
import java.util.List;

/** What a mount may say of itself, for tests. */
final class Statuses {
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
        false,
        "kernel",
        "asked for",
        "cached",
        features,
        42,
        1_700_000_000,
        new Statistics(7, 8, 9));
  }
}
