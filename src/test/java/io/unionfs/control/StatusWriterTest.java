package io.unionfs.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StatusWriterTest {
  @Test
  void aStatusIsOneLineWithEveryMember() throws IOException {
    assertThat(StatusWriter.status(Statuses.plain()))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo(
            "{\"mountPoint\":\"/mnt/a \\\"b\\\"\",\"fsname\":\"x\\\\377\\\\012\","
                + "\"lowers\":[\"/l1\",\"/l2\"],\"upper\":\"/upper\",\"work\":null,"
                + "\"layers\":{\"lowers\":["
                + "{\"path\":\"/l1\",\"device\":7,\"inode\":8,\"descriptor\":9},"
                + "{\"path\":\"/\\\\377\",\"pathBytes\":\"L/8=\",\"device\":10,\"inode\":-11,\"descriptor\":12}],"
                + "\"upper\":{\"path\":\"/upper\\\\377\",\"device\":13,\"inode\":14,\"descriptor\":15},"
                + "\"work\":null,\"dotNames\":true,\"redirectDir\":\"follow\",\"xattrPermissions\":2},"
                + "\"readOnly\":false,\"transport\":\"kernel\",\"reason\":\"asked for\",\"io\":\"cached\","
                + "\"features\":[\"READDIRPLUS\",\"NO_OPEN\"],\"pid\":42,\"since\":1700000000,"
                + "\"lookupHits\":7,\"lookupMisses\":8}\n");
  }

  @Test
  void anErrorIsOneLineWhateverIsInIt() throws IOException {
    assertThat(StatusWriter.error("a\n\"b\""))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo("{\"error\":\"a\\n\\\"b\\\"\"}\n");
  }
}
