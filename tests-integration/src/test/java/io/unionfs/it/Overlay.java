package io.unionfs.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The kernel's overlayfs over the layers of a union that is not mounted. */
final class Overlay implements AutoCloseable {
  static final String POINT = "overlay";

  private final Path point;

  private Overlay(Path point) {
    this.point = point;
  }

  /** Mounts it over the union's lowers and upper. */
  static Overlay mount(Union union, String... options) throws IOException, InterruptedException {
    return mount(union, union.lowerOption(), union.upper(), options);
  }

  /** Mounts it over other layers of the same home. */
  static Overlay mount(Union union, String lowers, Path upper, String... options)
      throws IOException, InterruptedException {
    Path point = Files.createDirectories(union.home().resolve(POINT));
    Path work = Files.createDirectories(union.home().resolve("overlay-work"));
    StringBuilder words = new StringBuilder();
    words.append("lowerdir=").append(lowers);
    words.append(",upperdir=").append(upper);
    words.append(",workdir=").append(work);
    for (String option : options) {
      words.append(',').append(option);
    }
    if (!union.isRoot() && !List.of(options).contains("userxattr")) {
      words.append(",userxattr");
    }
    Command.of(
            Account.ROOT,
            "mount",
            "-t",
            "overlay",
            "overlay",
            "-o",
            words.toString(),
            point.toString())
        .output();
    return new Overlay(point);
  }

  Path point() {
    return point;
  }

  @Override
  public void close() throws IOException, InterruptedException {
    Command.of(Account.ROOT, "umount", point.toString()).output();
  }
}
