package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What mount(8) and umount(8) call, beside commands that only say how they were called. */
class MountHelpersTest {
  private static final String MOUNT = "mount.fuse.unionfs-mount";
  private static final String UMOUNT = "umount.fuse.unionfs-mount";

  @TempDir private Path home = Path.of("");

  private record Result(int status, String said) {}

  @BeforeEach
  void makeCommands() throws IOException {
    Path bin = Files.createDirectories(home.resolve("a package/bin"));
    Path path = Files.createDirectories(home.resolve("path"));
    Path links = Files.createDirectories(home.resolve("links"));
    for (Path program :
        List.of(bin.resolve("unionfs"), bin.resolve("unionfs-mount"), path.resolve("nsenter"))) {
      Files.writeString(
          program, "#!/bin/sh\nprintf '%s' \"${0##*/}\"; printf ' <%s>' \"$@\"; exit 7\n");
      assertThat(program.toFile().setExecutable(true)).isTrue();
    }
    for (String helper : List.of(MOUNT, UMOUNT)) {
      Files.copy(Path.of("bin", helper), bin.resolve(helper));
      assertThat(bin.resolve(helper).toFile().setExecutable(true)).isTrue();
      Files.createSymbolicLink(links.resolve(helper), bin.resolve(helper));
    }
  }

  /* Through a symbolic link, as packages have them. */
  private Result run(String helper, String... arguments) throws IOException, InterruptedException {
    Path said = home.resolve("said");
    ProcessBuilder builder =
        new ProcessBuilder(
                Stream.concat(
                        Stream.of(home.resolve("links").resolve(helper).toString()),
                        Stream.of(arguments))
                    .toList())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile());
    builder.environment().put("PATH", home.resolve("path") + ":/usr/bin:/bin");
    Process process = builder.start();
    process.getOutputStream().close();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return new Result(process.exitValue(), Files.readString(said));
  }

  @Test
  void mountHandsSourceMountPointAndOptionsOn() throws Exception {
    assertThat(run(MOUNT, "none", "/a b", "-sn", "-v", "-o", "rw,lowerdir=/l l:/m", "-t", "fuse.x"))
        .isEqualTo(new Result(7, "unionfs-mount <-o> <rw,lowerdir=/l l:/m> <none> </a b>"));
    assertThat(run(MOUNT, "none", "/m")).isEqualTo(new Result(7, "unionfs-mount <none> </m>"));
  }

  @Test
  void fakeMountDoesNothing() throws Exception {
    assertThat(run(MOUNT, "none", "/m", "-f", "-o", "rw")).isEqualTo(new Result(0, ""));
  }

  @Test
  void anotherNamespaceIsEntered() throws Exception {
    Path bin = home.resolve("a package/bin");

    assertThat(run(MOUNT, "none", "/m", "-N", "/proc/1/ns/mnt").said())
        .isEqualTo("nsenter <--mount=/proc/1/ns/mnt> <--> <" + bin + "/unionfs-mount> <none> </m>");
    assertThat(run(UMOUNT, "/m", "-N", "/proc/1/ns/mnt").said())
        .isEqualTo(
            "nsenter <--mount=/proc/1/ns/mnt> <--> <" + bin + "/unionfs> <umount> <--> </m>");
  }

  @Test
  void umountGoesThroughTheCommandThatWaits() throws Exception {
    assertThat(run(UMOUNT, "/a b", "-n", "-v", "-t", "fuse.x"))
        .isEqualTo(new Result(7, "unionfs <umount> <--> </a b>"));
  }

  @Test
  void lazyAndForcedUmountDetach() throws Exception {
    for (String flag : List.of("-l", "-f", "-nf")) {
      assertThat(run(UMOUNT, "/m", flag).said())
          .as(flag)
          .isEqualTo("unionfs <umount> <--lazy> <--> </m>");
    }
  }

  @Test
  void umountSaysThatItMakesNothingReadOnlyInstead() throws Exception {
    assertThat(run(UMOUNT, "/m", "-r").said())
        .contains("-r is ignored")
        .endsWith("unionfs <umount> <--> </m>");
  }

  @Test
  void whatIsNotUnderstoodIsAFailureWithTheUsage() throws Exception {
    for (Result result :
        List.of(run(MOUNT, "none"), run(MOUNT, "none", "/m", "x"), run(UMOUNT, "/m", "x"))) {
      assertThat(result.status()).isEqualTo(1);
      assertThat(result.said()).contains("usage: ");
    }
  }
}
