package io.unionfs.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Sys;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CopyUpsTest {
  private static final int WRITE = 16;

  private final Sys sys = Sys.linux();
  private final Proc proc = Proc.open(sys);
  private final CopyUps copyUps = new CopyUps(proc);
  private final Requests requests = new Requests(opcode -> "op");

  @AfterEach
  void close() {
    proc.close();
  }

  @Test
  void theLargestAreKeptInOrder() {
    for (int i = 1; i <= 30; i++) {
      copyUps.addFile("/f" + i, i * 7 % 31, 1000 + i % 5);
    }
    copyUps.addDirectory(5);

    CopyUpFigures figures = copyUps.figures();

    assertThat(figures.files()).isEqualTo(30);
    assertThat(figures.directories()).isEqualTo(1);
    assertThat(figures.bytes()).isEqualTo(30 * 31 / 2);
    assertThat(figures.top())
        .extracting(CopiedFile::bytes)
        .containsExactly(30L, 29L, 28L, 27L, 26L, 25L, 24L, 23L, 22L, 21L);
    assertThat(figures.longest()).isNotNull().extracting(CopiedFile::nanos).isEqualTo(1004L);
  }

  @Test
  void theProgramIsThatOfTheProcessThatAsked() {
    Name mine = proc.program(OwnProcess.getpid());
    assertThat(mine).isNotNull();
    try (Lane lane = requests.enter()) {
      lane.begin(WRITE, OwnProcess.getpid());
      copyUps.addFile("/mine", 1, 1);
      lane.begin(WRITE, 0);
      copyUps.addFile("/kernel", 2, 1);
      lane.begin(WRITE, Integer.MAX_VALUE);
      copyUps.addFile("/gone", 3, 1);
    }

    assertThat(copyUps.figures().top())
        .extracting(file -> file.program().toString())
        .containsExactly("(ended)", "(write-back)", String.valueOf(mine));
  }

  @Test
  void whoAskedBeforeAWriteIsRememberedForTheWriteBack() {
    Writers writers = new Writers(requests, proc);
    try (Lane lane = requests.enter()) {
      writers.note(1234, OwnProcess.getpid());
      lane.begin(WRITE, 0);
      writers.recall(1234, lane);
      assertThat(Lane.currentPid()).isEqualTo(OwnProcess.getpid());
      assertThat(Lane.currentProgram()).isNull();

      lane.begin(WRITE, 0);
      writers.recall(1235, lane);
      assertThat(Lane.currentPid()).isZero();

      requests.watch();
      writers.note(99, OwnProcess.getpid());
      lane.begin(WRITE, 0);
      writers.recall(99, lane);
      assertThat(Lane.currentProgram()).isEqualTo(proc.program(OwnProcess.getpid()));
    }
  }

  @Test
  void theProcessKnowsWhatItTakes() {
    assertThat(proc.residentBytes()).isGreaterThan(1 << 20);
    long before = proc.openDescriptors();
    try (Proc another = Proc.open(sys)) {
      assertThat(another.openDescriptors()).isPositive();
      assertThat(before).isPositive().isLessThan(proc.mostDescriptors());
    }
  }
}
