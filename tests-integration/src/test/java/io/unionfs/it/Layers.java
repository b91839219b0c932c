package io.unionfs.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/*
 * One object a line: layer, path, kind, argument.
 *
 *   lower  etc/hosts   file "localhost"
 *   lower2 bin         dir 0755
 *   lower  etc/link    symlink "hosts"
 *   lower  etc/hard    hardlink "etc/hosts"
 *   upper  etc/motd    whiteout
 *   upper  opt         opaque
 *   lower  pipe        fifo
 */
/** Layer trees, written as text. */
final class Layers {
  private Layers() {}

  static void make(Path home, Account account, String picture)
      throws IOException, InterruptedException {
    for (String line : picture.lines().toList()) {
      if (line.isBlank()) {
        continue;
      }
      String[] words = line.trim().split("\\s+", 4);
      make(home.resolve(words[0]), words[1], words[2], words.length > 3 ? words[3] : "");
    }
    if (account == Account.USER && Account.isRoot()) {
      Command.of(Account.ROOT, "chown", "-hR", account.uid() + ":" + account.gid(), home.toString())
          .output();
    }
  }

  private static void make(Path layer, String name, String kind, String argument)
      throws IOException, InterruptedException {
    Path path = layer.resolve(name);
    Path parent = path.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    String text = argument.replaceAll("^\"|\"$", "").replace("\\n", "\n");
    switch (kind) {
      case "file" -> Files.writeString(path, text);
      case "dir" -> {
        Files.createDirectories(path);
        if (!text.isEmpty()) {
          Command.of(Account.ROOT, "chmod", text, path.toString()).output();
        }
      }
      case "symlink" -> Files.createSymbolicLink(path, Path.of(text));
      case "hardlink" -> Files.createLink(path, layer.resolve(text));
      case "whiteout" -> Command.of(Account.ROOT, "mknod", path.toString(), "c", "0", "0").output();
      case "fifo" -> Command.of(Account.ROOT, "mkfifo", path.toString()).output();
      case "opaque" -> {
        Files.createDirectories(path);
        for (String space : new String[] {"trusted", "user"}) {
          Command.of(
                  Account.ROOT,
                  "setfattr",
                  "-n",
                  space + ".overlay.opaque",
                  "-v",
                  "y",
                  path.toString())
              .output();
        }
      }
      default -> throw new IllegalArgumentException("no such kind: " + kind);
    }
  }
}
