package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.sys.Name;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class MountTableTest {
  private static String print(boolean verbose, ListedMount... mounts) {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    MountTable.print(out, List.of(mounts), verbose);
    out.flush();
    return text.toString();
  }

  private static ListedMount served() throws IOException {
    return ListedMount.of(
        Name.of("/mnt/one"),
        "{\"transport\":\"kernel\",\"io\":\"cached\",\"upper\":null,\"lowers\":[\"/a\",\"/b\"],"
            + "\"pid\":42,\"reason\":\"it works here\",\"features\":[\"NO_OPEN\",\"ASYNC_READ\"]}");
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
            MOUNTPOINT  TRANSPORT        IO      UPPER  LOWERS  PID
            /mnt/one    kernel           cached  -      /a:/b   42
            /m          (not answering)  -       -      -       -
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
}
