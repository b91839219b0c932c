package io.unionfs.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.unionfs.statistics.CopiedFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StatisticsWriterTest {
  private static String written() throws IOException {
    return new String(StatisticsWriter.statistics(Statuses.statistics()), StandardCharsets.UTF_8);
  }

  @Test
  void statisticsAreOneLineWithEveryMember() throws IOException {
    String file =
        "{\"path\":\"/a \\\\n\",\"bytes\":4096,\"nanos\":1500000,\"pid\":77,\"program\":\"p\\\\012\"}";

    assertThat(written())
        .isEqualTo(
            "{\"mountPoint\":\"/mnt\",\"transport\":\"kernel\",\"pid\":42,\"upMillis\":1500,"
                + "\"operations\":[{\"name\":\"LOOKUP\",\"requests\":100,\"timed\":10,"
                + "\"p50Nanos\":1280,\"p95Nanos\":2500,\"p99Nanos\":2500,\"maxNanos\":2500,"
                + "\"histogram\":[[1280,9],[2560,1]]}],"
                + "\"copyUps\":{\"files\":1,\"directories\":2,\"bytes\":4096,\"nanos\":2000000,"
                + "\"longest\":"
                + file
                + ",\"top\":["
                + file
                + "],\"programs\":[{\"program\":\"p\\\\012\",\"copyUps\":3,\"bytes\":4096}]},"
                + "\"caches\":[{\"name\":\"names\",\"hits\":3,\"misses\":1,\"entries\":2,"
                + "\"bytes\":640,\"limit\":1000},{\"name\":\"descriptors\",\"hits\":0,\"misses\":0,"
                + "\"entries\":0,\"bytes\":null,\"limit\":16}],\"nodes\":5,\"knownNodes\":null,"
                + "\"descriptors\":null,\"mostDescriptors\":1024,\"heapBytes\":1,"
                + "\"mostHeapBytes\":2,\"residentBytes\":null}\n");
  }

  @Test
  void whatIsReadIsWhatWasWritten() throws IOException {
    String first = written();

    MountStatistics read = StatisticsReader.read(first);

    assertThat(new String(StatisticsWriter.statistics(read), StandardCharsets.UTF_8))
        .isEqualTo(first);
  }

  @Test
  void whatAHostileServerSaysIsHarmless() throws IOException {
    MountStatistics read =
        StatisticsReader.read(
            "{\"mountPoint\":[1],\"pid\":\"x\",\"operations\":[7,{\"histogram\":[[1],[512,3],\"a\"]}],"
                + "\"copyUps\":{\"top\":[{\"path\":\"\\u001b[2J\"}]},\"caches\":{}}");

    assertThat(read.operations()).hasSize(2);
    assertThat(read.operations().get(1).latency().count()).isEqualTo(3);
    assertThat(read.copyUps().top()).extracting(CopiedFile::path).containsExactly("\\033[2J");
    assertThat(read.caches()).isEmpty();
    assertThatThrownBy(() -> StatisticsReader.read("[".repeat(100)))
        .isInstanceOf(JsonProcessingException.class);
    assertThatThrownBy(() -> StatisticsReader.read("{\"nodes\":99999999999999999999}"))
        .isInstanceOf(JsonProcessingException.class);
    assertThatThrownBy(() -> StatisticsReader.read("{\"nodes\":"))
        .isInstanceOf(JsonProcessingException.class);
    assertThatThrownBy(() -> StatisticsReader.read("{\"error\":\"unknown request\"}"))
        .hasMessage("the server refuses: unknown request");
  }
}
