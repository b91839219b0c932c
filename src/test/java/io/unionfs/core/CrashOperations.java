package io.unionfs.core;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Operations on {@link CrashLayers}, one of each kind of object and place. */
final class CrashOperations {
  private static final int KEEP = Linux.RENAME_NOREPLACE;
  private static final int SWAP = Linux.RENAME_EXCHANGE;

  private CrashOperations() {}

  interface Step {
    void on(UnionFileSystem fs, UnionSide side) throws ErrnoException;
  }

  /**
   * An operation.
   *
   * @param before what happens to the union before it
   * @param replaced an empty directory that a rename is about to replace: it may be another inode
   *     already
   */
  record Operation(String name, Step before, Step step, String replaced) {
    Operation(String name, Step step) {
      this(name, (fs, side) -> {}, step, "");
    }

    Operation after(Step prepared) {
      return new Operation(name, prepared, step, replaced);
    }

    Operation called(String suffix) {
      return new Operation(name + ", " + suffix, before, step, replaced);
    }

    Operation replacing(String path) {
      return new Operation(name, before, step, path);
    }
  }

  static byte[] data(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static Operation create(String path) {
    return new Operation("create " + path, (fs, side) -> side.create(path, 0640));
  }

  private static Operation mkdir(String path) {
    return new Operation("mkdir " + path, (fs, side) -> side.mkdir(path, 0750));
  }

  private static Operation write(String path) {
    return new Operation("write " + path, (fs, side) -> side.write(path, 2, data("written")));
  }

  private static Operation truncate(String path, long size) {
    return new Operation(
        "truncate " + path + " to " + size, (fs, side) -> side.truncate(path, size));
  }

  private static Operation link(String path, String other) {
    return new Operation("link " + path + " " + other, (fs, side) -> side.link(path, other));
  }

  private static Operation unlink(String path) {
    return new Operation("unlink " + path, (fs, side) -> side.unlink(path));
  }

  private static Operation rmdir(String path) {
    return new Operation("rmdir " + path, (fs, side) -> side.rmdir(path));
  }

  private static Operation chmod(String path) {
    return new Operation("chmod " + path, (fs, side) -> side.chmod(path, 0700));
  }

  private static Operation setattr(String name, String path, SetAttr change) {
    return new Operation(
        name + " " + path, (fs, side) -> fs.setattr(side.node(path), change, OpenUnion.ROOT));
  }

  private static Operation chown(String path, int gid) {
    SetAttr change = new SetAttr();
    change.valid = SetAttr.GID;
    change.gid = gid;
    return setattr("chown", path, change);
  }

  private static Operation utimens(String path) {
    return new Operation("utimens " + path, (fs, side) -> side.utimens(path, 4_711, 8));
  }

  private static Operation setxattr(String path) {
    return new Operation(
        "setxattr " + path, (fs, side) -> side.setxattr(path, "user.t7", data("new"), 0));
  }

  static Operation rename(String path, String other, int flags) {
    return new Operation(
        String.format(Locale.ROOT, "rename %s %s flags %d", path, other, flags),
        (fs, side) -> side.rename(path, other, flags));
  }

  /* For another user than the server, and so made in the work directory. */
  private static Operation createFor(int uid, String path) {
    return new Operation(
        "create " + path + " for another",
        (fs, side) ->
            fs.create(fs.root(), Name.of(path), 06711, new Caller(uid, uid, 022, 1), null));
  }

  private static Operation linkUnnamed(String path) {
    return new Operation(
        "O_TMPFILE and link " + path,
        (fs, side) -> {
          FileNode file = fs.tmpfile(fs.root(), 0640, OpenUnion.ROOT);
          try {
            fs.link(file, fs.root(), Name.of(path));
          } finally {
            fs.release(file, 1);
          }
        });
  }

  private static Operation discard(String path) {
    return new Operation("discard " + path, (fs, side) -> discard(fs, path));
  }

  private static void discard(UnionFileSystem fs, String path) throws ErrnoException {
    try {
      LiveUpper.discard(fs, path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /* Each goes in one step. */
  private static void discards(List<Operation> all) {
    for (String path :
        List.of("up", "over", "updir", "upempty", "merged", "gone", "opaque", "whites")) {
      all.add(discard(path));
    }
    all.addAll(List.of(discard("hidden"), discard("hiddendir"), discard("gone/x")));
    all.add(
        discard("dir")
            .called("changed below")
            .after(
                (fs, side) -> {
                  side.write("dir/a", 0, data("A"));
                  side.unlink("dir/b");
                  side.mkdir("dir/deep/new", 0750);
                  side.chmod("dir/deep", 0700);
                  side.chmod("dir", 0711);
                }));
    all.add(
        discard("small").called("written").after((fs, side) -> side.write("small", 2, data("x"))));
    all.add(
        discard("symlink")
            .called("made anew")
            .after(
                (fs, side) -> {
                  side.unlink("symlink");
                  side.mkdir("symlink", 0755);
                  side.create("symlink/f", 0644);
                }));
  }

  static List<Operation> all() {
    List<Operation> all = new ArrayList<>();
    discards(all);
    for (String path : List.of("new", "hidden", "hiddendir", "dir/new", "dir/deep/new")) {
      all.add(create(path));
      all.add(mkdir(path));
      all.add(new Operation("symlink " + path, (fs, side) -> side.symlink(path, "target")));
      all.add(new Operation("mkfifo " + path, (fs, side) -> side.fifo(path, 0640)));
      all.add(link("small", path));
    }
    for (String path :
        List.of("small", "large", "sparse", "suid", "empty", "hard0", "dir/hard2", "up")) {
      all.add(write(path));
    }
    all.addAll(List.of(truncate("large", 5_000), truncate("small", 0), truncate("small", 100)));
    all.addAll(List.of(truncate("up", 3), truncate("sparse", 10), truncate("hard1", 2)));
    for (String path :
        List.of("small", "large", "suid", "pipe", "hard1", "dir", "dir/deep", "bare", "up")) {
      all.add(chmod(path));
      all.add(utimens(path));
      if (!path.equals("pipe")) {
        all.add(setxattr(path));
      }
    }
    all.add(new Operation("removexattr", (fs, side) -> side.removexattr("small", "user.t0")));
    links(all);
    renames(all);
    all.addAll(List.of(unlink("small"), unlink("up"), unlink("over"), unlink("pipe")));
    all.addAll(List.of(unlink("symlink"), unlink("dir/a"), unlink("dir/deep/c")));
    all.addAll(List.of(rmdir("bare"), rmdir("gone"), rmdir("upempty"), rmdir("whites")));
    all.add(linkUnnamed("new"));
    all.add(linkUnnamed("hidden"));
    if (OwnProcess.geteuid() == 0) {
      all.addAll(List.of(createFor(4_711, "new"), createFor(4_711, "hidden")));
      for (String path : List.of("small", "suid", "symlink", "hard1", "dir", "up")) {
        all.add(chown(path, 4_711));
      }
    }
    return all;
  }

  /* The names of a lower hard link: as they are, with a copy, and the last ones. */
  private static void links(List<Operation> all) {
    List<Operation> each = new ArrayList<>();
    each.addAll(List.of(write("hard1"), chmod("dir/hard2"), link("hard1", "new")));
    each.addAll(List.of(link("hard1", "hidden"), unlink("hard1"), unlink("dir/hard2")));
    each.addAll(List.of(rename("hard1", "new", 0), rename("up", "hard1", 0)));
    each.addAll(List.of(rename("hard1", "up", SWAP), rename("hard1", "small", 0)));
    for (Operation operation : each) {
      all.add(operation);
      all.add(operation.called("copied up").after((fs, side) -> side.write("hard0", 0, data("L"))));
      all.add(operation.called("one name gone").after((fs, side) -> side.unlink("hard0")));
    }
    for (Operation operation :
        List.of(unlink("hard1"), rename("hard1", "new", 0), rename("up", "hard1", 0))) {
      all.add(
          operation
              .called("last name")
              .after(
                  (fs, side) -> {
                    side.unlink("dir/hard2");
                    side.unlink("hard0");
                  }));
    }
  }

  private static void renames(List<Operation> all) {
    for (String path : List.of("new", "other", "hidden", "up", "over", "dir/new", "pipe")) {
      all.add(rename("small", path, 0));
    }
    all.addAll(List.of(rename("up", "new", 0), rename("up", "small", 0)));
    all.addAll(List.of(rename("over", "new", 0), rename("over", "up", 0)));
    all.addAll(List.of(rename("small", "new", KEEP), rename("small", "hidden", KEEP)));
    all.addAll(List.of(rename("small", "up", SWAP), rename("small", "dir/a", SWAP)));
    all.addAll(List.of(rename("up", "updir", SWAP), rename("upempty", "updir", SWAP)));
    all.addAll(List.of(rename("opaque", "updir", SWAP), rename("opaque", "small", SWAP)));
    for (String path : List.of("updir", "opaque")) {
      for (String to :
          List.of("new", "bare", "gone", "upempty", "hiddendir", "whites", "dir/new")) {
        all.add(rename(path, to, 0).replacing(to));
      }
    }
  }
}
