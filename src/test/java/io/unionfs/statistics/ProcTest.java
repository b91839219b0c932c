package io.unionfs.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Sys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ProcTest {
  private static String status(
      String ofThread, String ofProcess, String blocked, String ignored, String caught) {
    return "Name:\tSigPnd:\nThreads:\t3\nSigQ:\t1/96000\nSigPnd:\t"
        + ofThread
        + "\nShdPnd:\t"
        + ofProcess
        + "\nSigBlk:\t"
        + blocked
        + "\nSigIgn:\t"
        + ignored
        + "\nSigCgt:\t"
        + caught
        + "\nCapInh:\t0000000000000000\n";
  }

  @ParameterizedTest
  @CsvSource({
    "0000000000000000, 0000000000000000, 0, 0, 0, false", // nothing is pending
    "0000000000000100, 0000000000000000, 0, 0, 0, true", // KILL
    "0000000000000000, 0000000000000100, ffffffffffffffff, ffffffffffffffff, 0, true", // KILL
    "0000000000000000, 0000000000002000, 0, 0, 2000, false", // ALRM, handled
    "0000000000000000, 0000000000002000, 0, 2000, 0, false", // ALRM, ignored
    "0000000000000000, 0000000000002000, 2000, 0, 0, false", // ALRM, blocked
    "0000000000000000, 0000000000002000, 0, 0, 0, true", // ALRM
    "0000000000000000, 0000000000000004, 0, 0, 0, true", // QUIT
    "0000000000000400, 0000000000000000, 0, 0, 0, true", // SEGV
    "8000000000000000, 0000000000000000, 0, 0, 0, true", // the last of the real-time signals
    "8000000000000000, 0000000000000000, 0, 0, 8000000000000000, false",
    "0000000000000000, 0000000000010000, 0, 0, 0, false", // CHLD
    "0000000000000000, 0000000000020000, 0, 0, 0, false", // CONT
    "0000000000000000, 0000000000400000, 0, 0, 0, false", // URG
    "0000000000000000, 0000000008000000, 0, 0, 0, false", // WINCH
    "0000000000000000, 00000000003c0000, 0, 0, 0, false", // STOP, TSTP, TTIN, TTOU
    "0000000000000000, 0000000000012100, 0, 0, 12000, true" // KILL beside others
  })
  void signalThatNobodyKeepsEndsAThread(
      String ofThread,
      String ofProcess,
      String blocked,
      String ignored,
      String caught,
      boolean ends) {
    assertThat(Proc.isEnding(status(ofThread, ofProcess, blocked, ignored, caught)))
        .isEqualTo(ends);
  }

  @Test
  void tracerMayTakeAwayAllButKill() {
    String traced = "Name:\tx\nTracerPid:\t17\n";
    assertThat(Proc.isEnding(traced + "ShdPnd:\t0000000000002000\n")).isFalse();
    assertThat(Proc.isEnding(traced + "ShdPnd:\t0000000000002100\n")).isTrue();
    assertThat(Proc.isEnding("Name:\tx\nTracerPid:\t0\nShdPnd:\t0000000000002000\n")).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"''", "SigPnd", "'\nSigPnd:\t0000000000000100'"})
  void whatIsNoStatusSaysNothing(String status) {
    assertThat(Proc.isEnding(status)).isFalse();
  }

  @Test
  void thisThreadGoesOnAndOneThatIsNotThereIsNotKnown() {
    try (Proc proc = Proc.open(Sys.linux())) {
      assertThat(proc.isEnding(OwnProcess.getpid())).isFalse();
      assertThat(proc.isEnding(0)).isFalse();
      assertThat(proc.isEnding(Integer.MAX_VALUE)).isFalse();
    }
  }
}
