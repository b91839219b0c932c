package io.unionfs.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A union file system to compare with. */
enum Peer {
  OVERLAYFS {
    @Override
    String mount(Layout at) {
      return "mount -t overlay overlay -o lowerdir=%s,upperdir=%s,workdir=%s %s"
          .formatted(at.lowers(":"), at.upper(), at.work(), at.point());
    }
  },
  FUSE_OVERLAYFS {
    @Override
    String mount(Layout at) {
      return "fuse-overlayfs -o lowerdir=%s,upperdir=%s,workdir=%s %s"
          .formatted(at.lowers(":"), at.upper(), at.work(), at.point());
    }
  },
  UNIONFS_FUSE {
    @Override
    String mount(Layout at) {
      return "unionfs-fuse -o cow,allow_other,default_permissions %s=RW:%s=RO %s"
          .formatted(at.upper(), at.lowers("=RO:"), at.point());
    }
  },
  MERGERFS {
    @Override
    String mount(Layout at) {
      return "mergerfs -o allow_other,cache.attr=3600,cache.entry=3600 %s=RW:%s=RO %s"
          .formatted(at.upper(), at.lowers("=RO:"), at.point());
    }
  },
  UNIONFS {
    @Override
    String mount(Layout at) {
      return "'%s' --lower %s --upper %s --work %s %s"
          .formatted(at.tool(), at.lowers(":"), at.upper(), at.work(), at.point());
    }

    @Override
    boolean isInstalled() {
      return true;
    }
  };

  /** Where everything is. */
  record Layout(List<Path> lowerDirectories, Path upper, Path work, Path point, Path tool) {
    String lowers(String separator) {
      return String.join(separator, lowerDirectories.stream().map(Path::toString).toList());
    }
  }

  /** The shell command that mounts. */
  abstract String mount(Layout at);

  /** The name in tables. */
  String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  boolean isInstalled() throws java.io.IOException {
    if (this == OVERLAYFS) {
      return Files.readString(Path.of("/proc/filesystems")).contains("\toverlay\n");
    }
    String path = System.getenv().getOrDefault("PATH", "/usr/bin:/bin");
    return Arrays.stream(path.split(":", -1))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, key())));
  }
}
