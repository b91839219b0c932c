package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What a start does besides mounting: classes from an archive, methods that are compiled ahead. */
class StartIT {
  private static final String CONSTRUCTOR = "<init>";

  private static Path target() {
    return Path.of(Tool.mount()).resolveSibling("../target").normalize();
  }

  private static Set<String> methods(String type) throws ClassNotFoundException {
    Class<?> found = Class.forName(type, false, StartIT.class.getClassLoader());
    return Arrays.stream(found.getDeclaredMethods())
        .map(Method::getName)
        .collect(Collectors.toSet());
  }

  private static boolean isCompiled(String pid) {
    try {
      String code = Command.of(Account.ROOT, "jcmd", pid, "Compiler.codelist").output();
      return code.contains(" io.unionfs.core.Lookup.")
          && code.contains(" io.unionfs.stack.LowerIndex.");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Test
  void everyMethodToBeCompiledAheadIsThere() throws Exception {
    List<String> lines = Files.readAllLines(target().resolve("unionfs.hot"));

    assertThat(lines).anyMatch(line -> line.startsWith("io.unionfs.core.Lookup "));
    assertThat(lines).anyMatch(line -> line.startsWith("io.unionfs.transport.kernel.Worker "));
    for (String line : lines) {
      String[] words = line.split(" ");
      assertThat(methods(words[0]))
          .as(words[0])
          .containsAll(
              Arrays.stream(words).skip(1).filter(name -> !name.equals(CONSTRUCTOR)).toList());
    }
  }

  @MountTest(accounts = Account.ROOT)
  void methodsAreCompiledWithoutARequest(Union union) throws Exception {
    union.layers("lower f file \"\"");
    Path idle = Files.writeString(union.home().resolve("idle"), "0.00 0.00 0.00 1/2 3\n");
    union.environment("UNIONFS_JAVA_OPTS", "-Dunionfs.loadavg=" + idle);
    union.mount();
    String pid = String.valueOf(union.server().pid());

    Union.await("the way of a lookup is compiled", () -> isCompiled(pid));
  }

  @MountTest(accounts = Account.ROOT)
  void everythingWorksWithoutTheListAndTheArchive(Union union) throws Exception {
    union.layers("lower f file \"text\"");
    Path copy = union.home().resolve("tool");
    Command.script(
            Account.ROOT,
            "mkdir -p '%1$s/mount-tool' && cp -rp '%2$s/pom.xml' '%1$s' && cp -rp '%2$s/mount-tool/bin' '%2$s/mount-tool/target' '%1$s/mount-tool' && cd '%1$s/mount-tool/target' && rm unionfs.hot unionfs-boot.jar unionfs.jsa"
                .formatted(copy, target().resolve("../..").normalize()))
        .output();

    Command.Result result =
        Command.of(
                Account.ROOT,
                copy.resolve("mount-tool/bin/unionfs-mount").toString(),
                "--lower",
                union.lower().toString(),
                union.point().toString())
            .run();

    assertThat(result.status()).isZero();
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).isEmpty();
    assertThat(union.run("cat f")).isEqualTo("text");
  }
}
