package io.unionfs.transport.jnrfuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LinkedNodesTest {
  private final LinkedNodes linked = new LinkedNodes();

  @Test
  void fileThatWasAddedIsContained() {
    linked.add(-1);
    linked.add(4711);

    assertThat(linked.mayContain(-1)).isTrue();
    assertThat(linked.mayContain(4711)).isTrue();
  }

  @Test
  void fewOthersAreTakenForLinked() {
    LongStream.range(0, 1000).forEach(linked::add);

    long wrong = LongStream.range(1_000_000, 1_100_000).filter(linked::mayContain).count();

    assertThat(wrong).isLessThan(1000);
  }
}
