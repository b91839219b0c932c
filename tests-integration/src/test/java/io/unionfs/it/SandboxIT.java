package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

class SandboxIT {
  @MountTest
  void unionIsMountedAndUsedInsideASandbox(Union union) throws Exception {
    union.layers("lower f file \"text\"\nlower g file \"\"");
    List<String> sandbox =
        new ArrayList<>(
            List.of(
                "bwrap",
                "--ro-bind",
                "/",
                "/",
                "--dev",
                "/dev",
                "--dev-bind",
                "/dev/fuse",
                "/dev/fuse"));
    if (!union.isRoot()) {
      sandbox.addAll(List.of("--unshare-user", "--uid", "0", "--gid", "0"));
    }
    sandbox.addAll(
        List.of(
            "--cap-add",
            "CAP_SYS_ADMIN",
            "--bind",
            union.home().toString(),
            union.home().toString(),
            "--proc",
            "/proc",
            "--unshare-pid",
            "--die-with-parent"));
    Command.Result possible = run(union, sandbox, "true");
    Assumptions.assumeTrue(possible.status() == 0, "bwrap cannot: " + possible.err());
    String java =
        System.getenv("JAVA_HOME") == null
            ? ""
            : "export JAVA_HOME='" + System.getenv("JAVA_HOME") + "'; ";

    Command.Result result =
        run(
            union,
            sandbox,
            java
                + "cd '"
                + union.home()
                + "'; '"
                + Tool.mount()
                + "' --lower lower --upper upper --work work mnt; cat mnt/f; echo new > mnt/f;"
                + " rm mnt/g; ls -A mnt; '"
                + Tool.unionfs()
                + "' umount mnt");

    assertThat(result.err()).isEmpty();
    assertThat(result.out()).isEqualTo("textf\n");
    assertThat(Path.of(union.upper() + "/f")).hasContent("new\n");
  }

  private static Command.Result run(Union union, List<String> sandbox, String script)
      throws Exception {
    List<String> line = new ArrayList<>(sandbox);
    line.addAll(List.of("bash", "-euc", script));
    return Command.of(union.account(), line.toArray(String[]::new)).run();
  }
}
