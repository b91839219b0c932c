package io.unionfs.offline;

import io.unionfs.layer.MarkRules;
import io.unionfs.layer.Marks;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Layers on disk: {@code l1} above {@code l2}, and an upper {@code u}. */
final class TestLayers {
  private static final FileTime OLD = FileTime.fromMillis(1_000_000_000_000L);

  private final Path home;

  TestLayers(Path home) throws IOException {
    this.home = home;
    for (String name : List.of("l1", "l2", "u")) {
      Files.createDirectory(home.resolve(name));
    }
  }

  Path path(String path) {
    return home.resolve(path);
  }

  TestLayers file(String path, String text) throws IOException {
    Path file = home.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setLastModifiedTime(file, OLD);
    return this;
  }

  TestLayers directory(String path) throws IOException {
    Files.createDirectories(home.resolve(path));
    return this;
  }

  TestLayers whiteout(String path) throws IOException, ErrnoException {
    Files.createDirectories(home.resolve(path).getParent());
    Sys.linux().mknodat(Linux.AT_FDCWD, name(path), Linux.S_IFCHR, 0);
    return this;
  }

  TestLayers fifo(String path) throws ErrnoException {
    Sys.linux().mknodat(Linux.AT_FDCWD, name(path), Linux.S_IFIFO | 0644, 0);
    return this;
  }

  TestLayers opaque(String path) throws IOException, ErrnoException {
    directory(path);
    return mark(path, "opaque", "y");
  }

  /** Sets a mark where this process may write it. */
  TestLayers mark(String path, String mark, String value) throws ErrnoException {
    String space = OwnProcess.geteuid() == 0 ? "trusted" : "user";
    return xattr(path, space + ".overlay." + mark, value);
  }

  TestLayers xattr(String path, String xattr, String value) throws ErrnoException {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    Sys.linux().setxattrat(Linux.AT_FDCWD, name(path), Name.of(xattr), bytes, 0);
    return this;
  }

  Name name(String path) {
    return Name.of(home.resolve(path).toString());
  }

  LayerSources sources() {
    return sources(new MarkRules(Marks.Follow.ALL, null, false));
  }

  LayerSources sources(MarkRules rules) {
    return new LayerSources(List.of(source("l1"), source("l2")), source("u"), null, rules, false);
  }

  LayerSource source(String layer) {
    return LayerSource.of(name(layer).bytes());
  }

  OpenLayers open() throws IOException {
    return OpenLayers.open(Sys.linux(), sources());
  }

  /** The changes in short, {@code modified etc/hosts [mode]} and so on. */
  static List<String> diff(OpenLayers layers, boolean content, String below) throws IOException {
    List<String> told = new ArrayList<>();
    UpperDiff.run(
        layers,
        Paths.normalized(below.getBytes(StandardCharsets.UTF_8)),
        content,
        false,
        new DiffSink() {
          @Override
          public void change(Change change) {
            told.add(
                change.kind()
                    + " "
                    + (change.from() == null ? "" : change.from() + " -> ")
                    + change.path()
                    + (change.aspects().isEmpty() ? "" : " " + change.aspects()));
          }

          @Override
          public void problem(Name path, int errno) {
            told.add("problem " + path + " " + errno);
          }
        });
    return told;
  }

  /** All that exists below a layer, with times, to see that nothing was touched. */
  String exact(String layer) throws IOException {
    StringBuilder text = new StringBuilder();
    try (Stream<Path> walk = Files.walk(home.resolve(layer))) {
      for (Path path : walk.sorted().toList()) {
        text.append(path)
            .append(
                Files.readAttributes(
                    path, "unix:ino,mode,size,ctime,lastAccessTime", LinkOption.NOFOLLOW_LINKS))
            .append('\n');
      }
    }
    return text.toString();
  }
}
