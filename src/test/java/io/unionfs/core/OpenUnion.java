package io.unionfs.core;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A union of two directories {@code lower} and {@code upper}, opened as often as wanted. */
final class OpenUnion implements AutoCloseable {
  static final Caller ROOT = new Caller(0, 0, 0, 1);

  private final Sys sys;
  private final Path home;
  private final UnaryOperator<MountOptions.Builder> options;
  private UnionFileSystem fs;

  private OpenUnion(Sys sys, Path home, UnaryOperator<MountOptions.Builder> options)
      throws IOException {
    this.sys = sys;
    this.home = home;
    this.options = options;
    this.fs = mount(sys, home, options);
  }

  /** Opens what was prepared in {@code home/lower}. */
  static OpenUnion in(Path home) throws IOException {
    return in(home, builder -> builder);
  }

  static OpenUnion in(Path home, UnaryOperator<MountOptions.Builder> options) throws IOException {
    return in(Sys.linux(), home, options);
  }

  static OpenUnion in(Sys sys, Path home, UnaryOperator<MountOptions.Builder> options)
      throws IOException {
    Files.createDirectories(home.resolve("lower"));
    Files.createDirectories(home.resolve("upper"));
    return new OpenUnion(sys, home, options);
  }

  private static UnionFileSystem mount(
      Sys sys, Path home, UnaryOperator<MountOptions.Builder> options) throws IOException {
    MountOptions.Builder builder =
        MountOptions.builder().lower(bytes(home, "lower")).upper(bytes(home, "upper"));
    return UnionFileSystem.open(sys, options.apply(builder).build());
  }

  private static byte[] bytes(Path home, String name) {
    return home.resolve(name).toString().getBytes(StandardCharsets.UTF_8);
  }

  UnionFileSystem fs() {
    return fs;
  }

  DirNode root() {
    return fs.root();
  }

  /** Closes the union and opens it anew, as an unmount and a mount do. */
  void remount() throws IOException {
    fs.close();
    fs = mount(sys, home, options);
  }

  Node node(String path) throws ErrnoException {
    return new UnionSide(fs).node(path);
  }

  FileNode file(String path) throws ErrnoException {
    return (FileNode) node(path);
  }

  DirNode directory(String path) throws ErrnoException {
    return (DirNode) node(path);
  }

  FileNode create(String name) throws ErrnoException {
    return fs.create(fs.root(), Name.of(name), 0644, ROOT, null);
  }

  int write(FileNode file, String text, long offset, boolean killPrivileges) throws ErrnoException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try (NativeMemory memory = NativeMemory.allocate(Math.max(1, bytes.length))) {
      NativeMemory.putBytes(memory.address(), bytes, 0, bytes.length);
      if (killPrivileges) {
        fs.clearPrivileges(file);
      }
      return fs.write(file, memory.address(), bytes.length, offset);
    }
  }

  String read(FileNode file) throws ErrnoException {
    byte[] bytes = new byte[4096];
    try (NativeMemory memory = NativeMemory.allocate(bytes.length)) {
      int read = fs.read(file, memory.address(), bytes.length, 0);
      NativeMemory.getBytes(memory.address(), bytes, 0, read);
      return new String(bytes, 0, read, StandardCharsets.UTF_8);
    }
  }

  Stat stat(Node node) throws ErrnoException {
    Stat stat = new Stat();
    fs.getattr(node, stat);
    return stat;
  }

  /** What is in the work dir while nothing is being done. */
  List<String> workEntries() throws IOException {
    try (Stream<Path> entries = Files.list(home.resolve(".upper.unionfs-work/work"))) {
      return entries.map(path -> path.getFileName().toString()).toList();
    }
  }

  @Override
  public void close() {
    fs.close();
  }
}
