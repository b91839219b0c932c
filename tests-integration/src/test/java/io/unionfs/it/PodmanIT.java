package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** Container engines with {@code mount_program = unionfs-mount}, as root and without. */
class PodmanIT {
  private static final int PATIENCE_SECONDS = 600;

  private static final String SAID =
      """
      == image
      /d
      /d/z
      /etc
      /etc/b
      /etc/hard
      /etc/kept
      /etc/one
      /etc/one/q
      /etc/two
      base
      7:8 644 2
      0:0 600 1
      == changes
      kept
      A /d/new
      A /d/sub
      A /t
      C /d
      C /etc
      C /etc/two
      D /d/z
      D /etc/one
      /d
      /d/new
      /d/sub
      /etc
      /etc/b
      /etc/hard
      /etc/kept
      /etc/two
      2
      3
      0:0 640
      7:8 644
      == read-only
      touch: /x: Read-only file system
      new
      == another user
      touch: /etc/x: Permission denied
      1000:1000
      == mapped ids
      0:0
      0:0
      7:8
      0:0
      5:6
      A /mine
      C /d
      C /d/new
      C /etc
      C /etc/b
      C /etc/hard
      0:0 /mine
      7:8 /etc/b
      5:6 /d/new
      """;

  private static final String KEEP_ID =
      """
      == the same user inside
      0:0
      0:0
      touched
      """;

  private static final String BUILT =
      """
      == buildah
      /d
      /d/moved
      /d/new
      /etc
      /etc/hard
      /etc/kept
      /etc/two
      built
      """;

  @Tag("system")
  @MountTest(variants = {Variant.KERNEL, Variant.JNR_FUSE})
  void imagesAreBuiltRunChangedAndCommitted(Union union) throws Exception {
    Needs.programs("podman", "buildah", "runc", "newuidmap", "busybox");
    union.incomparable("podman makes the layers");
    Path home = union.home().resolve("podman");
    Command.of(union.account(), "mkdir", home.toString()).output();
    Path program = union.home().resolve("program");
    Files.writeString(
        program,
        "#!/bin/sh\nexec '"
            + Tool.mount()
            + "' --transport "
            + (union.variant() == Variant.JNR_FUSE ? "jnr-fuse" : "kernel")
            + " \"$@\"\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path script = union.home().resolve("podman.sh");
    try (InputStream source = PodmanIT.class.getResourceAsStream("/podman.sh")) {
      Files.copy(source, script);
    }

    Command.Result said =
        Command.of(Account.ROOT, inProcessesOfItsOwn(union, script, home, program))
            .patience(PATIENCE_SECONDS)
            .run();

    assertThat(said.out()).as(said.err()).isEqualTo(SAID + (union.isRoot() ? "" : KEEP_ID) + BUILT);
    assertThat(said.status()).as(said.err()).isZero();
    assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(home.toString());
  }

  /* Where the first process reaps the others at once, as podman expects, and all end with it. */
  private static String[] inProcessesOfItsOwn(Union union, Path script, Path home, Path program) {
    List<String> line =
        new ArrayList<>(
            List.of("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c"));
    line.add("\"$@\"; exit $?");
    line.add("sh");
    line.addAll(union.account().prefix());
    line.addAll(List.of("sh", script.toString(), home.toString(), program.toString()));
    return line.toArray(String[]::new);
  }
}
