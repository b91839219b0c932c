package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script that makes the packages. */
class PackagesTest {
  @TempDir private Path home = Path.of("");

  @Test
  void withoutJmodsNoPackagesAreMadeAndThereIsAReason() throws Exception {
    Path jdk = Files.createDirectory(home.resolve("jdk"));
    Path old = Files.createDirectory(home.resolve("target")).resolve("unionfs_1_amd64.deb");
    Files.writeString(old, "");

    Process process =
        new ProcessBuilder(
                "packages/tree.sh", jdk.toString(), home.toString(), "1", "2026-01-01T00:00:00Z")
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).isZero();
    assertThat(said).startsWith("no packages are made: ").contains(jdk + " has no jmods");
    assertThat(old).doesNotExist();
  }
}
