package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of what callers rely on. */
class ContractsIT {
  private static final Pattern TEST = Pattern.compile("`(\\w+(?:IT|Test))\\.(\\w+)`");

  @Test
  void everyTestOfTheTableExists() throws IOException {
    Map<String, String> sources = new HashMap<>();
    for (String module : new String[] {"src", "mount-tool/src", "tests-integration/src"}) {
      try (Stream<Path> files = Files.walk(Path.of("..", module, "test/java"))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          sources.put(String.valueOf(file.getFileName()), Files.readString(file));
        }
      }
    }
    Matcher named = TEST.matcher(Files.readString(Path.of("../docs/CONTRACTS.md")));

    int found = 0;
    while (named.find()) {
      assertThat(sources.getOrDefault(named.group(1) + ".java", ""))
          .as(named.group())
          .contains(" void " + named.group(2) + "(");
      found++;
    }
    assertThat(found).isPositive();
  }
}
