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

  /**
   * Mounts one whose blocks come from a small memory as they are first written, so that a full
   * memory is a disk with write errors.
   */
  static LoopDisk mountThin(Union union, String name, int megabytes, String options)
      throws IOException, InterruptedException {
    Path memory = Files.createDirectories(union.home().resolve(name + "-memory"));
    Path point = Files.createDirectories(union.home().resolve(name));
    LoopDisk disk = new LoopDisk(memory.resolve("image"), point);
    union.closeAfterwards(disk);
    Command.script(
            Account.ROOT,
            ("export PATH=$PATH:/usr/sbin:/sbin; mount -t tmpfs -o size=%dm thin '%s';"
                    + " truncate -s 64M '%s'; mkfs.ext4 -q -F -m 0 %s '%s';"
                    + " mount -o loop '%s' '%s'; rmdir '%s/lost+found'; chown %d:%d '%s'")
                .formatted(
                    megabytes,
                    memory,
                    disk.image,
                    options,
                    disk.image,
                    disk.image,
                    point,
                    point,
                    union.account().uid(),
                    union.account().gid(),
                    point))
        .output();
    return disk;
  }

  /** From here on writes to new blocks of a thin disk fail. */
  void failWrites() throws IOException, InterruptedException {
    Command.script(
            Account.ROOT,
            "sync -f '%s'; ! dd if=/dev/zero of='%s/fill' bs=4k status=none 2>/dev/null"
                .formatted(point, image.getParent()))
        .output();
  }

  /** From here on they succeed. */
  void allowWrites() throws IOException, InterruptedException {
    Command.of(Account.ROOT, "rm", image.getParent() + "/fill").output();
  }

  /** Mounts a btrfs of which everything below a directory may take so many megabytes. */
  static LoopDisk mountWithQuota(Union union, String name, int megabytes)
      throws IOException, InterruptedException {
    Path point = Files.createDirectories(union.home().resolve(name));
    LoopDisk disk = new LoopDisk(union.home().resolve(name + ".img"), point);
    union.closeAfterwards(disk);
    Command.script(
            Account.ROOT,
            ("export PATH=$PATH:/usr/sbin:/sbin; truncate -s 256M '%s'; mkfs.btrfs -q -m single"
                    + " '%s'; mount -o loop '%s' '%s'; cd '%s'; btrfs quota enable .; btrfs subvolume"
                    + " create sub; btrfs qgroup limit %dM sub; mount --bind sub .; chown %d:%d '%s'")
                .formatted(
                    disk.image,
                    disk.image,
                    disk.image,
                    point,
                    point,
                    megabytes,
                    union.account().uid(),
                    union.account().gid(),
                    point))
        .output();
    return disk;
  }

  /** Takes the quota away. */
  void allowAnySize() throws IOException, InterruptedException {
    Command.script(
            Account.ROOT,
            "export PATH=$PATH:/usr/sbin:/sbin; btrfs qgroup limit none '%s'".formatted(point))
        .output();
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
            ("for point in '%s' '%s'; do while grep -q \" $point \" /proc/self/mountinfo; do umount"
                    + " -l \"$point\" || exit 1; done; done")
                .formatted(point, image.getParent()))
        .output();
  }
}
