package io.unionfs.transport.kernel;

import io.unionfs.core.MountOptions;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.stream.Stream;

/** A lower with something of each kind, and a union of it with an empty upper. */
final class TestUnion implements AutoCloseable {
  private final Path lower;
  private final UnionFileSystem fs;

  private TestUnion(Path lower, UnionFileSystem fs) {
    this.lower = lower;
    this.fs = fs;
  }

  static TestUnion open(Path home, Wishes wishes) throws IOException {
    Path lower = Files.createDirectory(home.resolve("lower"));
    Files.createDirectories(lower.resolve("dir/sub"));
    Files.writeString(lower.resolve("a"), "lower a");
    Files.writeString(lower.resolve("dir/a"), "x".repeat(50_000));
    Files.writeString(lower.resolve("dir/sub/b"), "deep");
    Files.writeString(lower.resolve("hard0"), "linked");
    Files.createLink(lower.resolve("hard1"), lower.resolve("hard0"));
    Files.createSymbolicLink(lower.resolve("link"), Path.of("a"));
    MountOptions.Builder options =
        MountOptions.builder()
            .lower(bytes(lower))
            .isVolatile(true)
            .acl(wishes.acl())
            .timeoutSeconds(wishes.timeoutSeconds());
    if (wishes.writable()) {
      options.upper(bytes(Files.createDirectory(home.resolve("upper"))));
    }
    return new TestUnion(lower, UnionFileSystem.open(Sys.linux(), options.build()));
  }

  private static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  UnionFileSystem fs() {
    return fs;
  }

  /** Everything about the lower that must not change. */
  String lowerExact() throws IOException {
    StringBuilder text = new StringBuilder();
    try (Stream<Path> walk = Files.walk(lower)) {
      for (Path path : walk.sorted().toList()) {
        text.append(path)
            .append(
                Files.readAttributes(
                    path,
                    "unix:ino,mode,nlink,uid,gid,size,lastModifiedTime,ctime",
                    LinkOption.NOFOLLOW_LINKS))
            .append(
                Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) ? Files.readString(path) : "")
            .append('\n');
      }
    }
    return text.toString();
  }

  @Override
  public void close() {
    fs.close();
  }
}
