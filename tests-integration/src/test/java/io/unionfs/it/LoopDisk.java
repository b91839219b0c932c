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
    Path point = Files.createDirectories(union.home().resolve(name));
    LoopDisk disk = new LoopDisk(union.home().resolve(name.replace('/', '-') + ".img"), point);
    union.closeAfterwards(disk);
    Command.script(
            Account.ROOT,
            "export PATH=$PATH:/usr/sbin:/sbin; truncate -s %dM '%s'; mkfs.ext4 -q -F -m 0 '%s';"
                    .formatted(megabytes, disk.image, disk.image)
                + " mount -o loop '%s' '%s'; rmdir '%s/lost+found'; chown %d:%d '%s'"
                    .formatted(
                        disk.image,
                        point,
                        point,
                        union.account().uid(),
                        union.account().gid(),
                        point))
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

  @Override
  public void close() throws IOException, InterruptedException {
    Command.script(
            Account.ROOT,
            "while grep -q ' %s ' /proc/self/mountinfo; do umount -l '%s' || exit 1; done"
                .formatted(point, point))
        .output();
  }
}
