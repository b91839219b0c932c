package io.unionfs.core;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Two lowers and an upper with something of every kind, to crash on. */
final class CrashLayers {
  private static final FileTime OLD = FileTime.fromMillis(123_456_789_012L);
  private static final int LARGE_BYTES = 300_000;
  private static final int HOLE_BYTES = 1 << 20;

  private final Path home;

  private CrashLayers(Path home) {
    this.home = home;
  }

  static CrashLayers make(Path home) throws IOException, ErrnoException {
    CrashLayers layers = new CrashLayers(home);
    layers.lower();
    layers.upper();
    for (String layer : List.of("lower0", "lower1", "upper")) {
      layers.age(layer);
    }
    return layers;
  }

  private void lower() throws IOException, ErrnoException {
    file("lower0/small", "small lower", 0640);
    xattr("lower0/small", "user.t0", "value");
    file("lower0/suid", "program", 04755);
    file("lower0/other", "other lower", 0600);
    file("lower0/empty", "", 0644);
    byte[] large = new byte[LARGE_BYTES];
    new Random(1).nextBytes(large);
    Files.write(home.resolve("lower0/large"), large);
    sparse("lower0/sparse");
    Files.createSymbolicLink(home.resolve("lower0/symlink"), Path.of("small"));
    node("lower0/pipe", Linux.S_IFIFO | 0620);
    file("lower0/dir/a", "a in dir", 0644);
    mode("lower0/dir", 0750);
    xattr("lower0/dir", "user.t1", "of dir");
    file("lower1/dir/b", "b in dir", 0644);
    file("lower1/dir/deep/c", "c", 0644);
    file("lower0/merged/x", "x", 0644);
    Files.createDirectories(home.resolve("lower0/bare"));
    file("lower0/gone/x", "x", 0644);
    file("lower1/gone/y", "y", 0644);
    file("lower0/hidden", "hidden", 0644);
    file("lower0/hiddendir/z", "z", 0644);
    file("lower0/over", "over lower", 0644);
    file("lower0/opaque/z", "z", 0644);
    file("lower1/hard0", "linked", 0644);
    link("lower1/hard0", "lower1/hard1");
    link("lower1/hard0", "lower1/dir/hard2");
  }

  private void upper() throws IOException, ErrnoException {
    file("upper/up", "upper file", 0644);
    file("upper/over", "over upper", 0600);
    file("upper/updir/u", "u", 0644);
    Files.createDirectories(home.resolve("upper/upempty"));
    file("upper/merged/y", "y", 0644);
    whiteout("upper/gone/x");
    whiteout("upper/gone/y");
    mode("upper/gone", 0711);
    xattr("upper/gone", "user.t2", "of gone");
    whiteout("upper/hidden");
    whiteout("upper/hiddendir");
    file("upper/opaque/q", "q", 0644);
    CoreOracleTest.setOpaque(home.resolve("upper/opaque"));
    Files.createDirectories(home.resolve("upper/whites"));
    whiteout("upper/whites/w");
  }

  private Path path(String name) throws IOException {
    Path path = home.resolve(name);
    Path parent = path.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    return path;
  }

  private void file(String name, String text, int mode) throws IOException, ErrnoException {
    Files.writeString(path(name), text, StandardCharsets.UTF_8);
    mode(name, mode);
  }

  private void mode(String name, int mode) throws ErrnoException {
    Sys.linux().fchmodat(Linux.AT_FDCWD, host(name), mode);
  }

  private void xattr(String name, String xattr, String value) throws ErrnoException {
    Sys.linux()
        .setxattrat(
            Linux.AT_FDCWD, host(name), Name.of(xattr), value.getBytes(StandardCharsets.UTF_8), 0);
  }

  private void link(String name, String other) throws IOException {
    Files.createLink(path(other), home.resolve(name));
  }

  private void node(String name, int mode) throws IOException, ErrnoException {
    path(name);
    Sys.linux().mknodat(Linux.AT_FDCWD, host(name), mode, 0);
  }

  private void whiteout(String name) throws IOException, ErrnoException {
    CoreOracleTest.makeWhiteout(path(name));
  }

  private void sparse(String name) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            home.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 0);
      file.write(ByteBuffer.wrap(new byte[] {4, 5, 6}), HOLE_BYTES);
    }
  }

  private Name host(String name) {
    return Name.of(CoreOracleTest.bytes(home.resolve(name)));
  }

  private void age(String layer) throws IOException, ErrnoException {
    long millis = OLD.toMillis();
    for (Path path : walk(layer)) {
      Sys.linux()
          .utimensat(
              Linux.AT_FDCWD,
              Name.of(CoreOracleTest.bytes(path)),
              millis / 1000,
              12_345,
              millis / 1000,
              12_345);
    }
  }

  private List<Path> walk(String layer) throws IOException {
    try (Stream<Path> walk = Files.walk(home.resolve(layer))) {
      return new ArrayList<>(walk.sorted().toList());
    }
  }

  UnionFileSystem open(Sys sys) throws IOException {
    MountOptions options =
        MountOptions.builder()
            .lower(CoreOracleTest.bytes(home.resolve("lower0")))
            .lower(CoreOracleTest.bytes(home.resolve("lower1")))
            .upper(CoreOracleTest.bytes(home.resolve("upper")))
            .build();
    return UnionFileSystem.open(sys, options);
  }

  /** Everything about the lowers that must not change. */
  String lowersExact() throws IOException {
    StringBuilder text = new StringBuilder();
    for (String layer : List.of("lower0", "lower1")) {
      for (Path path : walk(layer)) {
        text.append(home.relativize(path))
            .append(
                Files.readAttributes(
                    path, "unix:ino,mode,nlink,uid,gid,size,ctime", LinkOption.NOFOLLOW_LINKS))
            .append('\n');
      }
    }
    return text.toString();
  }

  /** What is in the work directory's {@code work} or {@code index}. */
  List<String> left(String directory) throws IOException {
    Path path = home.resolve(".upper.unionfs-work").resolve(directory);
    if (!Files.exists(path)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(path)) {
      return entries.map(entry -> entry.getFileName().toString()).toList();
    }
  }

  /** The same of a work directory in use, without the whiteout that others are made links of. */
  List<String> leftWhileMounted(String directory) throws IOException {
    Path path = home.resolve(".upper.unionfs-work").resolve(directory);
    List<String> left = new ArrayList<>();
    for (String name : left(directory)) {
      Stat stat = new Stat();
      int errno =
          Sys.linux().tryStatx(Linux.AT_FDCWD, Name.of(path.resolve(name).toString()), stat);
      if (errno != 0 || !stat.isWhiteoutDevice()) {
        left.add(name);
      }
    }
    return left;
  }
}
