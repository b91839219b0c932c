package io.unionfs;

import io.unionfs.core.Discarding;
import io.unionfs.core.LayerPlace;
import io.unionfs.core.MountOptions;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.layer.MarkRules;
import io.unionfs.offline.Discard;
import io.unionfs.offline.LayerSource;
import io.unionfs.offline.LayerSources;
import io.unionfs.offline.Paths;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import io.unionfs.transport.Session;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * What is to be done is found out as for layers without a mount, by the same rules and from the layers
 * themselves, while changes wait; it is done by way of the nodes. The kernel is told when changes go on
 * again: it may have to wait for one of them.
 */
/** The discarding of changes of a live mount. */
final class LiveDiscard {
  /**
   * What follows, the last one that is named first: each whatever became of the others, and the
   * first failure is the one that is told.
   */
  private interface After extends AutoCloseable {
    @Override
    void close() throws ErrnoException;
  }

  private final UnionFileSystem fs;
  private final Session session;

  LiveDiscard(UnionFileSystem fs, Session session) {
    this.fs = fs;
    this.session = session;
  }

  /**
   * Does it, and returns when the kernel shows it.
   *
   * @param paths below the union's root; {@code .} is everything
   * @param millis the longest to wait for changes that run
   * @throws IOException with a message for the user
   */
  void run(List<Name> paths, int millis) throws IOException {
    String refusal = session.forgetRefusal();
    if (refusal != null) {
      throw new IOException(
          "changes cannot be thrown away while this union is mounted: " + refusal);
    }
    if (fs.readOnly()) {
      throw new IOException("the union is mounted read-only");
    }
    List<List<Name>> split = split(paths);
    Discarding discarding = fs.discard();
    try (Discard discard = Discard.ofMounted(Sys.linux(), sources(), split)) {
      try (After links = () -> session.forget(discarding.outdated().onlyFiles());
          After sweep = discarding::sweep;
          After names = () -> session.forget(discarding.outdated())) {
        run(discard, discarding, millis);
      }
    } catch (ErrnoException e) {
      String what = discarding.begun() ? "not everything" : "nothing";
      throw new IOException(what + " was thrown away: " + reason(e), e);
    }
  }

  private static String reason(ErrnoException e) {
    return e.errno() == Errno.EBUSY
        ? "somebody goes on looking into a directory; perhaps a lower does not answer"
        : Errno.message(e.errno());
  }

  private static List<List<Name>> split(List<Name> paths) throws IOException {
    try {
      return paths.stream().map(path -> Paths.split(path.bytes())).toList();
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private void run(Discard discard, Discarding discarding, int millis)
      throws IOException, ErrnoException {
    if (!fs.tryHoldChanges(millis)) {
      throw new IOException("a change does not end");
    }
    try {
      discarding.run(discard.steps(), millis);
    } finally {
      fs.releaseChanges();
    }
  }

  private LayerSources sources() {
    MountOptions options = fs.options();
    return new LayerSources(
        fs.lowerPlaces().stream().map(LiveDiscard::source).toList(),
        sourceOrNull(fs.upperPlace()),
        sourceOrNull(fs.workPlace()),
        new MarkRules(options.redirectDir().follow(), null, fs.dotNames()),
        options.xattrPermissions() != 0);
  }

  private static @Nullable LayerSource sourceOrNull(@Nullable LayerPlace place) {
    return place == null ? null : source(place);
  }

  private static LayerSource source(LayerPlace place) {
    return new LayerSource(Name.of("/proc/self/fd/" + place.fd()).bytes(), place.path());
  }
}
