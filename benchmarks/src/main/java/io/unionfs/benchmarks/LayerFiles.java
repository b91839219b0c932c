package io.unionfs.benchmarks;

import io.unionfs.core.MountOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Some lower directories and an upper one in a temporary directory, which closing removes. */
public final class LayerFiles implements AutoCloseable {
  private final Path home;
  private final List<Path> lowers;

  private LayerFiles(Path home, List<Path> lowers) {
    this.home = home;
    this.lowers = lowers;
  }

  /** Makes so many empty lowers, and an empty upper. */
  public static LayerFiles make(int lowers) throws IOException {
    Path home = Files.createTempDirectory("unionfs-benchmark-");
    List<Path> made = new ArrayList<>();
    for (int i = 0; i < lowers; i++) {
      made.add(Files.createDirectory(home.resolve("lower" + i)));
    }
    Files.createDirectory(home.resolve("upper"));
    return new LayerFiles(home, made);
  }

  /** A lower directory, the topmost is 0. */
  public Path lower(int i) {
    return lowers.get(i);
  }

  public Path upper() {
    return home.resolve("upper");
  }

  /** Options of a union of all of them. */
  public MountOptions.Builder options() {
    MountOptions.Builder options = MountOptions.builder().upper(bytes(upper()));
    for (Path lower : lowers) {
      options.lower(bytes(lower));
    }
    return options;
  }

  /** A path as system calls want it. */
  public static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Replaces the upper by an empty one; no union may have it open. */
  public void clearUpper() throws IOException {
    remove(upper());
    Files.createDirectory(upper());
  }

  private static void remove(Path root) throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(root)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      Files.delete(path);
    }
  }

  @Override
  public void close() throws IOException {
    remove(home);
  }
}
