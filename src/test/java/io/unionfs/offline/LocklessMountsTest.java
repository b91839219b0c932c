package io.unionfs.offline;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.unionfs.TargetDirectories;
import io.unionfs.layer.Directories;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocklessMountsTest {
  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private Path upper = home;

  @BeforeEach
  void make() throws IOException {
    upper = Files.createDirectory(home.resolve("u,p \\:"));
    Files.createDirectory(home.resolve("other"));
    Files.createSymbolicLink(home.resolve("link"), upper);
  }

  private LocklessMounts mounts() throws IOException {
    byte[] path = upper.toString().getBytes(StandardCharsets.UTF_8);
    Sys sys = Sys.linux();
    return new LocklessMounts(sys, List.of(new Directories(sys).check("upper directory", path)));
  }

  private static MountInfo overlay(String options) {
    return new MountInfo(
        1, 0, 0, 1, Name.of("/"), Name.of("/mnt"), "rw", "overlay", Name.of("overlay"), options);
  }

  private void isRefused(String options, String why) {
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> mounts().requireOther(overlay("rw,lowerdir=/x," + options)))
        .withMessageContaining(why);
  }

  private void isOther(String options) {
    assertThatCode(() -> mounts().requireOther(overlay("rw," + options)))
        .doesNotThrowAnyException();
  }

  @Test
  void directoryIsKnownHoweverItIsSpelled() {
    String used = "in use by the mount at /mnt; unmount that first";
    isRefused("upperdir=" + home + "/link", used);
    isRefused("upperdir=" + home + "/link/", used);
    isRefused("upperdir=" + home + "/other/../link/.,workdir=/w", used);
    isRefused("workdir=" + home + "/link", used);
    isRefused("upperdir=" + home + "/u\\054p\\040\\134:", used);
    isRefused("upperdir=" + home + "/u\\134\\054p\\040\\134\\134\\134:/", used);
    isOther("upperdir=" + home + "/other,workdir=" + home + "/missing");
    isOther("lowerdir=" + home + "/link");
  }

  @Test
  void relativeNameThatMayBeItIsRefused() {
    String may = "may be in use by the mount at /mnt, whose upperdir=";
    isRefused("upperdir=x/u\\054p\\040\\134:/", may);
    isRefused("upperdir=.", may);
    isRefused("upperdir=..", may);
    isOther("upperdir=x/other");
  }

  @Test
  void fuseOverlayfsIsKnownByItsCommandLine() throws Exception {
    Path process = Files.createDirectories(home.resolve("proc/7"));
    Files.createSymbolicLink(process.resolve("root"), Path.of("/"));
    Files.createSymbolicLink(process.resolve("cwd"), home);
    Path comm = Files.writeString(process.resolve("comm"), "fuse-overlayfs\n");
    Path line = process.resolve("cmdline");

    for (String path : List.of(home + "/link/", "link", "./link", "elsewhere/u\\,p \\\\\\:")) {
      Files.writeString(line, "fuse-overlayfs\0-o\0rw,lowerdir=/x,upperdir=" + path + "\0/mnt\0");
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> mounts().requireNoProcess(home.resolve("proc")))
          .withMessageContaining("in use by fuse-overlayfs, process 7");
    }
    Files.writeString(comm, "bash\n");
    mounts().requireNoProcess(home.resolve("proc"));
    Files.writeString(comm, "fuse-overlayfs\n");
    Files.writeString(line, "fuse-overlayfs\0-oupperdir=" + home + "/other\0/mnt\0");
    mounts().requireNoProcess(home.resolve("proc"));
  }
}
