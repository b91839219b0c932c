package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.sys.Name;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class MountTableTest {
  private static final long NOW = 1_800_000_000;

  private static String print(boolean verbose, ListedMount... mounts) {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    MountTable.print(out, List.of(mounts), verbose, NOW);
    out.flush();
    return text.toString();
  }

  private static ListedMount served() throws IOException {
    return ListedMount.of(
        Name.of("/mnt/one"),
        "{\"transport\":\"kernel\",\"io\":\"cached\",\"upper\":null,\"lowers\":[\"/a\",\"/b\"],"
            + "\"pid\":42,\"since\":1799999915,\"reason\":\"it works here\",\"features\":[\"NO_OPEN\",\"ASYNC_READ\"]}");
  }

  @Test
  void noMountIsNoTable() {
    assertThat(print(true)).isEmpty();
  }

  @Test
  void columnsAreAsWideAsTheirWidestCell() throws IOException {
    assertThat(print(false, served(), ListedMount.unknown(Name.of("/m"), "not answering")))
        .isEqualTo(
            """
            MOUNTPOINT  TRANSPORT        IO      UPPER  LOWERS  AGE    PID
            /mnt/one    kernel           cached  -      /a:/b   1m25s  42
            /m          (not answering)  -       -      -       -      -
            """);
  }

  @Test
  void inDetailThereAreReasonAndFeaturesOfThoseThatAnswer() throws IOException {
    assertThat(print(true, served(), ListedMount.unknown(Name.of("/m"), "not answering")))
        .contains(
            """
            42
                transport: it works here
                features:  NO_OPEN ASYNC_READ
            /m \
            """)
        .endsWith("-\n");
  }

  @Test
  void helpNamesTheOptionsAndTheExitStatus() {
    assertThat(new CommandLine(new ListCommand()).getUsageMessage())
        .contains("--json", "-v, --verbose", "Exit status: 0; 1", "docs/CONTROL.md");
  }

  @ParameterizedTest
  @CsvSource({
    "1800000000, 0s",
    "1800000007, 0s", // a clock that was set back
    "1799999941, 59s",
    "1799999940, 1m00s",
    "1799996401, 59m59s",
    "1799996400, 1h00m",
    "1799913601, 23h59m",
    "1799640000, 4d04h",
    "-9223372036854775808, -9223372036854775808",
    "soon, soon",
  })
  void ageIsShownInItsTwoGreatestUnits(String since, String age) {
    assertThat(MountTable.age(since, NOW)).isEqualTo(age);
  }
}
