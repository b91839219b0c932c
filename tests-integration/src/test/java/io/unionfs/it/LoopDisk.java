package io.unionfs.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A small ext4 file system of a test's own, in a file; taken away with its union. */
final class LoopDisk implements AutoCloseable {
  private final Path image;
  private final Path point;

  private LoopDisk(Path image, Path point) {
    this.image = image;
    this.point = point;
  }

  /** Mounts a new one at a directory below the union's home, which the union's account owns. */
  static LoopDisk mount(Union union, String name, int megabytes)
      throws IOException, InterruptedException {
    return mount(union, name, megabytes, "");
  }

  /** The same with options of mkfs.ext4(8). */
  static LoopDisk mount(Union union, String name, int megabytes, String options)
      throws IOException, InterruptedException {
    Path point = Files.createDirectories(union.home().resolve(name));
    LoopDisk disk = new LoopDisk(union.home().resolve(name.replace('/', '-') + ".img"), point);
    union.closeAfterwards(disk);
    Command.script(
            Account.ROOT,
            "export PATH=$PATH:/usr/sbin:/sbin; truncate -s %dM '%s'; mkfs.ext4 -q -F -m 0 %s '%s';"
                    .formatted(megabytes, disk.image, options, disk.image)
                + " loop=$(losetup -f --show --direct-io=on '%s'); trap 'losetup -d $loop' EXIT;"
                    .formatted(disk.image)
                + " mount $loop '%s'; rmdir '%s/lost+found'; chown %d:%d '%s'"
                    .formatted(point, point, union.account().uid(), union.account().gid(), point))
        .output();
    return disk;
  }

  Path point() {
    return point;
  }

  /** The file that the file system is in. */
  Path image() {
    return image;
  }

  /**
   * Cuts the file system off where the data of a file begins: reading that and what lies behind it
   * is an EIO from here on.
   */
  void breakAt(String name) throws IOException, InterruptedException {
    Command.script(
            Account.ROOT,
            "sync; block=$(filefrag -v '%s/%s' | awk '/ 0: /{print $4}' | tr -d .:);"
                    .formatted(point, name)
                + " truncate -s $((block * $(stat -f -c %%S '%s'))) '%s';".formatted(point, image)
                + " echo 3 > /proc/sys/vm/drop_caches")
        .output();
  }

  @Override
  public void close() throws IOException, InterruptedException {
    Command.script(
            Account.ROOT,
            "while grep -q ' %s ' /proc/self/mountinfo; do umount -l '%s' || exit 1; done"
                .formatted(point, point))
        .output();
  }
}
