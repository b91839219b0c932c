package io.unionfs.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/** Layers to train with, and what is done to them. */
final class TrainingTrees {
  private static final int FILES_IN_DIR = 6;
  private static final String MODE = "rw-r-----";

  /** How many directories there are, and are made. */
  private final int dirs;

  TrainingTrees(int dirs) {
    this.dirs = dirs;
  }

  /** Directories that both layers have, with files of one or the other. */
  void make(Path lower, Path lowest) throws IOException {
    for (int i = 0; i < dirs; i++) {
      Path upperDir = Files.createDirectories(lower.resolve("top/dir" + i));
      Path lowerDir = Files.createDirectories(lowest.resolve("top/dir" + i));
      for (int j = 0; j < FILES_IN_DIR; j++) {
        Files.writeString((j % 2 == 0 ? upperDir : lowerDir).resolve("file" + j), "text " + j);
      }
      Files.createSymbolicLink(lowerDir.resolve("link"), Path.of("file0"));
    }
  }

  /** Looks at everything, and reads it, twice. */
  void look(Path merged) throws IOException {
    Path top = merged.resolve("top");
    walk(top);
    walk(top);
  }

  /** Makes and changes. */
  void change(Path merged) throws IOException {
    Path top = merged.resolve("top");
    makeNew(merged);
    copyUp(top);
    delete(top);
  }

  private static void walk(Path top) throws IOException {
    try (Stream<Path> all = Files.walk(top)) {
      for (Path path : (Iterable<Path>) all::iterator) {
        PosixFileAttributes attributes =
            Files.readAttributes(
                path, PosixFileAttributes.class, java.nio.file.LinkOption.NOFOLLOW_LINKS);
        if (attributes.isRegularFile()) {
          Files.readAllBytes(path);
          Files.getFileStore(path).supportsFileAttributeView("user");
        } else if (attributes.isSymbolicLink()) {
          Files.readSymbolicLink(path);
        } else {
          boolean absent = !Files.exists(path.resolve("absent")); // a negative entry each
          Files.exists(path.resolve(absent ? "absent too" : "absent"));
        }
      }
    }
  }

  private void makeNew(Path merged) throws IOException {
    Path base = Files.createDirectory(merged.resolve("new"));
    for (int i = 0; i < dirs; i++) {
      Path dir = Files.createDirectory(base.resolve("dir" + i));
      Path file = dir.resolve("file");
      Files.writeString(file, "text");
      Files.writeString(file, "more", StandardOpenOption.APPEND);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(MODE));
      Files.createSymbolicLink(dir.resolve("link"), file);
      Files.createLink(dir.resolve("other"), file);
      Files.move(file, dir.resolve("renamed"), StandardCopyOption.ATOMIC_MOVE);
      for (String name : List.of("renamed", "other", "link")) {
        Files.delete(dir.resolve(name));
      }
      Files.delete(dir);
    }
  }

  private void copyUp(Path top) throws IOException {
    for (int i = 0; i < dirs; i++) {
      for (int j = 0; j < FILES_IN_DIR; j += 2) {
        Path file = top.resolve("dir" + i).resolve("file" + j);
        if (j == 0) {
          Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(MODE));
        } else {
          Files.writeString(file, "more", StandardOpenOption.APPEND);
        }
      }
    }
  }

  private void delete(Path top) throws IOException {
    for (int i = 0; i < dirs; i++) {
      Path dir = top.resolve("dir" + i);
      Files.delete(dir.resolve("file0"));
      Files.delete(dir.resolve("file1"));
      Files.delete(dir.resolve("link"));
    }
  }
}
