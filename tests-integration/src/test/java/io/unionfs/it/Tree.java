package io.unionfs.it;

import java.io.IOException;
import java.nio.file.Path;

/** What can be told apart in a directory tree, as text. */
final class Tree {
  private Tree() {}

  /* Names, types, modes, owners, link counts and times of files, targets, contents, xattrs. */
  private static final String CONTENT =
      "find . -mindepth 1 \\( -type d -printf '%P|d|%m|%U:%G\\n' \\)"
          + " -o \\( -type l -printf '%P|l|%U:%G|%l\\n' \\)"
          + " -o -printf '%P|%y|%m|%U:%G|%n|%s|%T@\\n' | LC_ALL=C sort;"
          + " find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum;"
          + " find . -mindepth 1 -print0 | LC_ALL=C sort -z"
          + " | xargs -0 -r getfattr -h -d -m '^(user|security)\\.' -e hex 2>/dev/null || true";

  /** Everything a user can see in a tree, but for the times of directories. */
  static String of(Path root) throws IOException, InterruptedException {
    return Command.script(Account.ROOT, CONTENT).in(root).output();
  }

  /** The same as the account that can see it. */
  static String of(Account account, Path root) throws IOException, InterruptedException {
    return Command.script(account, CONTENT).in(root).output();
  }

  /** A layer with everything that must not change in it: times of directories and inodes too. */
  static String exact(Path root) throws IOException, InterruptedException {
    return Command.script(
            Account.ROOT, "find . -printf '%P|%y|%m|%U:%G|%n|%s|%i|%T@|%C@|%l\\n' | LC_ALL=C sort")
        .in(root)
        .output();
  }
}
