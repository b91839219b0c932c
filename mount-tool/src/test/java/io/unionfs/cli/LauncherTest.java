package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher scripts, in a copy of the checkout's layout with a program instead of Java. */
class LauncherTest {
  @TempDir private Path home = Path.of("");

  private record Result(int status, String out, String err) {}

  private Result run(Path command, String... arguments) throws IOException, InterruptedException {
    Path out = home.resolve("out");
    Path err = home.resolve("err");
    String[] line = new String[arguments.length + 1];
    line[0] = command.toString();
    System.arraycopy(arguments, 0, line, 1, arguments.length);
    ProcessBuilder builder = new ProcessBuilder(line);
    builder.environment().put("JAVA_HOME", home.resolve("jdk").toString());
    builder.environment().remove("UNIONFS_JAVA_OPTS");
    builder.directory(home.toFile());
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    process.getOutputStream().close();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  /* A checkout whose "java" is a script. */
  private Path checkout(String java) throws IOException {
    Path bin = Files.createDirectories(home.resolve("check out/mount-tool/bin"));
    for (String name : new String[] {"unionfs", "unionfs-mount", "launch.sh", "checkout.sh"}) {
      Files.copy(Path.of("bin", name), bin.resolve(name));
      assertThat(bin.resolve(name).toFile().setExecutable(true)).isTrue();
    }
    Path root = home.resolve("check out");
    Files.createDirectories(root.resolve("src/main"));
    Files.createDirectories(root.resolve("mount-tool/src/main"));
    for (String pom : new String[] {"pom.xml", "src/pom.xml", "mount-tool/pom.xml"}) {
      Files.writeString(root.resolve(pom), "");
    }
    Path target = Files.createDirectories(root.resolve("mount-tool/target"));
    Files.writeString(target.resolve("unionfs-mount-tool.jar"), "");
    Files.writeString(target.resolve("built"), "");
    Path program = Files.createDirectories(home.resolve("jdk/bin")).resolve("java");
    Files.writeString(program, "#!/bin/sh\n" + java, StandardCharsets.UTF_8);
    assertThat(program.toFile().setExecutable(true)).isTrue();
    return bin;
  }

  @Test
  void backgroundStartEndsWithTheStatusThatTheServerReports() throws Exception {
    Path bin = checkout("echo 0 >&3");

    assertThat(run(bin.resolve("unionfs-mount"), "--lower", "a", "m").status()).isZero();
  }

  @Test
  void serverThatDiesBeforeItReportsIsAFailure() throws Exception {
    Path bin = checkout("echo 'no such directory' >&2; exit 0");

    Result result = run(bin.resolve("unionfs-mount"), "--lower", "a", "m");

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err()).contains("no such directory");
  }

  @Test
  void reportedFailureIsTheExitStatus() throws Exception {
    Path bin = checkout("echo 2 >&3");

    assertThat(run(bin.resolve("unionfs-mount"), "--nonsense").status()).isEqualTo(2);
  }

  @Test
  void startReturnsWhileTheServerGoesOn() throws Exception {
    Path fifo = home.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    Path bin = checkout("exec 2>&-; echo 0 >&3; exec 3>&-; read line < '" + fifo + "'");

    Result result = run(bin.resolve("unionfs-mount"), "--lower", "a", "m");

    assertThat(result.status()).isZero();
    Files.writeString(fifo, "end\n"); // returns only if the server still reads
  }

  /* As mount.fuse3 calls: the mount point is not the last argument. */
  @Test
  void interruptedStartUnmountsWhereTheServerSaysItMounted() throws Exception {
    Path fifo = home.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    Path unmounted = home.resolve("unmounted");
    Path bin =
        checkout(
            "case \" $* \" in *' umount -- '*) for a; do :; done; printf %s \"$a\" > '"
                + unmounted
                + "'; exit 0 ;; esac; read line < '"
                + fifo
                + "'; printf '0\\n/m x\\n/.' >&3");
    ProcessBuilder builder =
        new ProcessBuilder(
            "env",
            "--default-signal",
            bin.resolve("unionfs-mount").toString(),
            "none",
            "/m x",
            "-o",
            "lowerdir=a");
    builder.environment().put("JAVA_HOME", home.resolve("jdk").toString());
    Process process = builder.directory(home.toFile()).start();
    process.getOutputStream().close();
    try (Writer go = Files.newBufferedWriter(fifo)) { // opens when the server reads
      String pid = Long.toString(process.pid());
      assertThat(new ProcessBuilder("kill", "-INT", pid).start().waitFor()).isZero();
      go.write("go\n");
    }

    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(130);
    assertThat(Files.readString(unmounted)).isEqualTo("/m x\n/.");
  }

  @Test
  void descriptorThatIsHandedOverSurvivesWhereverItStands() throws Exception {
    Path bin = checkout("read line <&3; echo \"read $line\" >&2; for a; do :; done; echo 0 >&4");
    Path handed = Files.writeString(home.resolve("handed"), "text\n");
    String mount = "exec 3<'" + handed + "'; '" + bin.resolve("unionfs-mount") + "' --lower a ";

    for (String arguments : new String[] {"/dev/fd/3", "/dev/fd/3 -o ro", "source /dev/fd/3"}) {
      Result result = run(Path.of("/bin/sh"), "-c", mount + arguments);

      assertThat(result.err()).as(arguments).isEqualTo("read text\n");
      assertThat(result.status()).as(arguments).isZero();
    }
  }

  @Test
  void anotherDescriptorThatIsHandedOverSurvivesBesideTheStatus() throws Exception {
    Path bin = checkout("read line <&7; echo \"read $line\" >&2; echo 0 >&3");
    Path handed = Files.writeString(home.resolve("handed"), "text\n");
    String mount = "exec 7<'" + handed + "'; '" + bin.resolve("unionfs-mount") + "' ";

    Result result = run(Path.of("/bin/sh"), "-c", mount + "--lower a /dev/fd/7");

    assertThat(result.err()).isEqualTo("read text\n");
    assertThat(result.status()).isZero();
  }

  @Test
  void argumentsArriveUnchanged() throws Exception {
    Path bin = checkout("for a; do printf '<%s>\\n' \"$a\"; done");

    Result result = run(bin.resolve("unionfs"), "umount", "a b", "", "*", "x\ny");

    assertThat(result.out()).endsWith("<unionfs>\n<umount>\n<a b>\n<>\n<*>\n<x\ny>\n");
  }

  @Test
  void commandWorksThroughASymbolicLink() throws Exception {
    Path bin = checkout("echo started");
    Path link = Files.createSymbolicLink(home.resolve("link"), bin.resolve("unionfs"));

    assertThat(run(link, "umount", "m").out()).isEqualTo("started\n");
  }

  @Test
  void toolThatIsOlderThanItsSourcesNamesTheCommandToRun() throws Exception {
    Path bin = checkout("echo started");
    Path source = Files.writeString(bin.resolve("../src/main/New.java"), "");
    Files.setLastModifiedTime(
        source, java.nio.file.attribute.FileTime.fromMillis(System.currentTimeMillis() + 60_000));

    Result result = run(bin.resolve("unionfs-mount"), "--lower", "a", "m");

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err()).contains("older than its sources; run: mvn ");
    assertThat(result.out()).isEmpty();
  }

  /* A package whose "java" is a script; the one of JAVA_HOME is another. */
  private Path unpacked(String java) throws IOException {
    Path checkout = checkout("echo 'Java of JAVA_HOME'");
    Path root = Files.createDirectories(home.resolve("pack age"));
    Files.move(checkout, root.resolve("bin"));
    Files.delete(root.resolve("bin/checkout.sh"));
    Files.writeString(root.resolve("unionfs-mount-tool.jar"), "");
    Path program = Files.createDirectories(root.resolve("runtime/bin")).resolve("java");
    Files.writeString(program, "#!/bin/sh\n" + java, StandardCharsets.UTF_8);
    assertThat(program.toFile().setExecutable(true)).isTrue();
    return root.resolve("bin");
  }

  @Test
  void packageHasARuntimeOfItsOwn() throws Exception {
    Path bin = unpacked("echo own");
    Path link = Files.createSymbolicLink(home.resolve("link"), bin.resolve("unionfs"));

    assertThat(run(bin.resolve("unionfs"), "list").out()).isEqualTo("own\n");
    assertThat(run(link, "list").out()).isEqualTo("own\n");
    assertThat(run(Path.of("pack age/bin/unionfs"), "list").out()).isEqualTo("own\n");
  }

  @Test
  void jarsAreFoundBelowADescriptorWhereverTheyLie() throws Exception {
    String java = "for a; do case $a in *.jar) [ -f \"$a\" ] && echo \"$a\" >&2;; esac; done; ";
    Path bin = unpacked(java + "[ ! -e /proc/self/fd/3 ] || echo 0 >&3");

    for (String command : new String[] {"unionfs", "unionfs-mount"}) {
      assertThat(run(bin.resolve(command), "--lower", "a", "m").err())
          .isEqualTo("/proc/self/fd/9/unionfs-mount-tool.jar\n");
    }
  }

  @Test
  void descriptorThatTheJarsWouldTakeIsTheCallers() throws Exception {
    Path bin = unpacked("read line <&9; echo \"read $line\" >&2; echo 0 >&3");
    Path handed = Files.writeString(home.resolve("handed"), "text\n");
    String mount = "exec 9<'" + handed + "'; '" + bin.resolve("unionfs-mount") + "' ";

    Result result = run(Path.of("/bin/sh"), "-c", mount + "--lower a /dev/fd/9");

    assertThat(result.err()).isEqualTo("read text\n");
    assertThat(result.status()).isZero();
  }
}
