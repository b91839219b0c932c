package io.unionfs.core;

import io.unionfs.layer.MarkRules;
import io.unionfs.offline.Discard;
import io.unionfs.offline.LayerSource;
import io.unionfs.offline.LayerSources;
import io.unionfs.offline.Paths;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Throws away changes of the upper of a union that is in use, as the server of a mount does. */
public final class LiveUpper {
  private static final int PATIENCE_MILLIS = 10_000;

  private interface Sweep extends AutoCloseable {
    @Override
    void close() throws ErrnoException;
  }

  private LiveUpper() {}

  static LayerSources sources(UnionFileSystem fs) {
    return new LayerSources(
        fs.lowerPlaces().stream().map(LiveUpper::source).toList(),
        source(Objects.requireNonNull(fs.upperPlace())),
        source(Objects.requireNonNull(fs.workPlace())),
        new MarkRules(fs.options().redirectDir().follow(), null, fs.dotNames()),
        fs.options().xattrPermissions() != 0);
  }

  private static LayerSource source(LayerPlace place) {
    return new LayerSource(place.path().bytes(), place.path());
  }

  public static Outdated discard(UnionFileSystem fs, String... paths)
      throws IOException, ErrnoException {
    List<List<Name>> names =
        Stream.of(paths).map(path -> Paths.split(path.getBytes(StandardCharsets.UTF_8))).toList();
    Discarding discarding = fs.discard();
    try (Discard discard = Discard.ofMounted(Sys.linux(), sources(fs), names)) {
      if (!fs.tryHoldChanges(0)) {
        throw new AssertionError("a change runs");
      }
      try (Sweep sweep = discarding::sweep) {
        try {
          discarding.run(discard.steps(), PATIENCE_MILLIS);
        } finally {
          fs.releaseChanges();
        }
      }
    }
    return discarding.outdated();
  }
}
