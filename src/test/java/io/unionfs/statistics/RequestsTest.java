package io.unionfs.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RequestsTest {
  private static final int READ = 15;

  private final Requests requests = new Requests(opcode -> "op" + opcode);

  private static void serve(Lane lane, int operation, int times) {
    for (int i = 0; i < times; i++) {
      lane.end(operation, lane.begin(operation, 7));
    }
  }

  private OperationFigures only() {
    assertThat(requests.figures()).hasSize(1);
    return requests.figures().get(0);
  }

  @Test
  void whatThreadsServedAddsUpAlsoWhenTheyAreGone() throws Exception {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Thread thread =
          new Thread(
              () -> {
                try (Lane lane = requests.enter()) {
                  serve(lane, READ, 1000);
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    try (Lane lane = requests.enter()) {
      serve(lane, READ, 10);

      assertThat(only().name()).isEqualTo("op15");
      assertThat(only().requests()).isEqualTo(4010);
    }
    assertThat(only().requests()).isEqualTo(4010);
  }

  @Test
  void oneOfSixteenIsTimedAndAllWhileSomebodyLooks() {
    try (Lane lane = requests.enter()) {
      serve(lane, READ, 32);
      assertThat(only().latency().count()).isEqualTo(2);

      requests.watch();
      serve(lane, READ, 32);
      assertThat(only().latency().count()).isEqualTo(34);

      requests.lookAtClock(System.nanoTime() + Requests.WATCHED_NANOS + 1);
      assertThat(requests.watched()).isFalse();
    }
  }

  @Test
  void numbersThatAreNoOperationAreCountedTogether() {
    try (Lane lane = requests.enter()) {
      serve(lane, -1, 1);
      serve(lane, 64, 1);
      serve(lane, 4096, 1);

      assertThat(only().name()).isEqualTo("op0");
      assertThat(only().requests()).isEqualTo(3);
    }
  }

  @Test
  void aThreadKnowsForWhomItWorks() {
    assertThat(Lane.currentPid()).isZero();
    try (Lane lane = requests.enter()) {
      serve(lane, READ, 1);
      assertThat(Lane.currentPid()).isEqualTo(7);
    }
    assertThat(Lane.currentPid()).isZero();
  }
}
