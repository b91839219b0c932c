package io.unionfs.core;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Random layers, and the plain directory that their merge must equal, made by simpler means. */
final class OracleLayers {
  private static final String[] NAMES = {"a", "b", "c", "d"};
  private static final FileTime OLD = FileTime.fromMillis(123_456_789_000L);

  private final Path home;
  private final List<Path> lowers = new ArrayList<>();

  private OracleLayers(Path home) {
    this.home = home;
  }

  static OracleLayers random(Path home, Random random) throws IOException, ErrnoException {
    OracleLayers layers = new OracleLayers(home);
    Files.createDirectory(layers.plain());
    Files.createDirectory(layers.upper());
    int number = 1 + random.nextInt(3);
    for (int i = number - 1; i >= 0; i--) {
      Path lower = Files.createDirectory(home.resolve("lower" + i));
      layers.lowers.add(0, lower);
      layers.fill(lower, layers.plain(), random, 0, i == number - 1);
    }
    layers.hardLinks(random.nextInt(3));
    if (random.nextInt(3) == 0) {
      layers.fill(layers.upper(), layers.plain(), random, 0, false);
    }
    return layers;
  }

  Path plain() {
    return home.resolve("plain");
  }

  /** The lower directories, topmost first. */
  List<Path> lowers() {
    return List.copyOf(lowers);
  }

  Path upper() {
    return home.resolve("upper");
  }

  /**
   * @param timeoutSeconds 0 for a union that remembers nothing
   * @param xattrPermissions 2 for an upper that keeps owners in xattrs
   */
  UnionFileSystem open(double timeoutSeconds, int xattrPermissions) throws IOException {
    return open(timeoutSeconds, xattrPermissions, Sys.linux());
  }

  UnionFileSystem open(double timeoutSeconds, Sys sys) throws IOException {
    return open(timeoutSeconds, 0, sys);
  }

  private UnionFileSystem open(double timeoutSeconds, int xattrPermissions, Sys sys)
      throws IOException {
    MountOptions.Builder options =
        MountOptions.builder().timeoutSeconds(timeoutSeconds).xattrPermissions(xattrPermissions);
    for (Path lower : lowers) {
      options.lower(CoreOracleTest.bytes(lower));
    }
    options.upper(CoreOracleTest.bytes(upper()));
    return UnionFileSystem.open(sys, options.build());
  }

  /* In the topmost lower, under names that no other layer has: they are all visible. */
  private void hardLinks(int number) throws IOException {
    if (number == 0) {
      return;
    }
    for (Path root : List.of(lowers.get(0), plain())) {
      Path first = root.resolve("hard0");
      write(first, "linked");
      for (int i = 1; i <= number; i++) {
        Files.createLink(root.resolve("hard" + i), first);
      }
    }
  }

  /* Makes a layer's directory and applies each of its entries to the merged one at once. */
  private void fill(Path layer, Path merged, Random random, int depth, boolean bottom)
      throws IOException, ErrnoException {
    for (String name : NAMES) {
      Path mine = layer.resolve(name);
      Path shown = merged.resolve(name);
      switch (random.nextInt(bottom ? 5 : 8)) {
        case 0 -> {
          String text = layer.getFileName() + name + random.nextInt(100);
          delete(shown);
          write(mine, text);
          write(shown, text);
        }
        case 1 -> {
          delete(shown);
          Files.createSymbolicLink(mine, Path.of("target" + depth));
          Files.createSymbolicLink(shown, Path.of("target" + depth));
        }
        case 2, 3 -> directory(mine, shown, random, depth, bottom);
        case 5 -> {
          CoreOracleTest.makeWhiteout(mine);
          delete(shown);
        }
        case 6 -> {
          delete(shown);
          directory(mine, shown, random, depth, bottom);
          CoreOracleTest.setOpaque(mine);
        }
        default -> {
          // not in this layer
        }
      }
    }
  }

  private void directory(Path mine, Path shown, Random random, int depth, boolean bottom)
      throws IOException, ErrnoException {
    if (!Files.isDirectory(shown, LinkOption.NOFOLLOW_LINKS)) {
      delete(shown);
      Files.createDirectory(shown);
    }
    Files.createDirectory(mine);
    String mode = random.nextBoolean() ? "rwxr-xr-x" : "rwx------";
    Files.setPosixFilePermissions(mine, PosixFilePermissions.fromString(mode));
    Files.setPosixFilePermissions(shown, PosixFilePermissions.fromString(mode));
    if (depth < 2) {
      fill(mine, shown, random, depth + 1, bottom);
    }
  }

  private static void write(Path file, String text) throws IOException {
    Files.writeString(file, text, StandardCharsets.UTF_8);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Files.setLastModifiedTime(file, OLD);
  }

  private static void delete(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> walk = Files.walk(path)) {
      all = new ArrayList<>(walk.toList());
    }
    Collections.reverse(all);
    for (Path each : all) {
      Files.delete(each);
    }
  }

  /** Everything about the lowers that a mount must not change. */
  String lowersExact() throws IOException {
    StringBuilder text = new StringBuilder();
    for (Path lower : lowers) {
      try (Stream<Path> walk = Files.walk(lower)) {
        for (Path path : walk.sorted().toList()) {
          text.append(path)
              .append(
                  Files.readAttributes(
                      path,
                      "unix:ino,mode,nlink,uid,gid,size,lastModifiedTime,ctime",
                      LinkOption.NOFOLLOW_LINKS))
              .append('\n');
        }
      }
    }
    return text.toString();
  }
}
