package io.unionfs.cli.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.sys.DatagramListener;
import io.unionfs.sys.Sys;
import io.unionfs.sys.UnixDatagrams;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class JournalTargetTest {
  /* Short: a socket's path has at most 107 bytes. */
  private Path home = Path.of("");

  @BeforeEach
  void makeHome() throws IOException {
    home = Files.createTempDirectory("journal-");
  }

  @AfterEach
  void removeHome() throws IOException {
    Files.deleteIfExists(home.resolve("socket"));
    Files.delete(home);
  }

  private static byte[] bytes(Object text) {
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private DatagramListener journal() throws Exception {
    return DatagramListener.at(bytes(home.resolve("socket")));
  }

  private JournalTarget target() throws IOException {
    return JournalTarget.open(Sys.linux(), bytes(home), bytes("/mnt/x"));
  }

  private static LogEvent event(String message) {
    return new LogEvent(Level.WARN, "io.unionfs.core.CopyUp", message, null);
  }

  private static String next(DatagramListener journal) throws Exception {
    return new String(journal.receive(), StandardCharsets.UTF_8);
  }

  /* What the runtime and the cache library say is logged as everything is, not to standard error. */
  @Test
  void runtimesOwnLoggersAreLoggersOfOurs() throws Exception {
    try (DatagramListener journal = journal()) {
      LogOutput.openJournal(Level.WARN, bytes(home), bytes("/mnt/x"));
      System.Logger logger = System.getLogger("io.unionfs.Test");

      logger.log(System.Logger.Level.INFO, "not this");
      logger.log(System.Logger.Level.WARNING, "{0} of {1}", 1, "two");
      logger.log(System.Logger.Level.ERROR, "it failed", new IOException("disk"));

      assertThat(next(journal)).contains("MESSAGE=1 of two\n").contains("PRIORITY=4\n");
      assertThat(next(journal))
          .contains("it failed: java.io.IOException: disk")
          .contains("PRIORITY=3\n");
      assertThat(logger.isLoggable(System.Logger.Level.INFO)).isFalse();
      assertThat(logger.isLoggable(System.Logger.Level.OFF)).isFalse();
      assertThat(java.util.logging.LogManager.getLogManager().getLogger("io.unionfs.Test"))
          .isNull();
    } finally {
      LogOutput.openStderr(Level.WARN);
    }
  }

  @Test
  void entryHasTheFieldsThatJournalsAreSearchedBy() throws Exception {
    try (DatagramListener journal = journal()) {
      target().write(event("the message"));

      assertThat(next(journal).lines())
          .contains(
              "MESSAGE=the message",
              "PRIORITY=4",
              "SYSLOG_IDENTIFIER=unionfs-mount",
              "UNIONFS_MOUNT=/mnt/x",
              "LOGGER=io.unionfs.core.CopyUp",
              "THREAD_NAME=" + Thread.currentThread().getName(),
              "CODE_FILE=JournalTargetTest.java",
              "CODE_FUNC=entryHasTheFieldsThatJournalsAreSearchedBy")
          .anyMatch(line -> line.matches("CODE_LINE=[0-9]+"));
    }
  }

  @Test
  void levelsAreThoseOfSyslog() throws Exception {
    try (DatagramListener journal = journal()) {
      JournalTarget target = target();
      StringBuilder priorities = new StringBuilder();
      for (Level level : Level.values()) {
        target.write(new LogEvent(level, "x", "message", null));
        priorities.append(next(journal).lines().filter(l -> l.startsWith("PRIORITY=")).toList());
      }

      assertThat(priorities)
          .hasToString("[PRIORITY=3][PRIORITY=4][PRIORITY=6][PRIORITY=7][PRIORITY=7]");
    }
  }

  @Test
  void placeIsThatOfTheLoggingCall() throws Exception {
    try (DatagramListener journal = journal()) {
      LogOutput.openJournal(Level.INFO, bytes(home), bytes("/mnt/x"));
      try {
        LoggerFactory.getLogger("name").info("a {}", "b");
        LoggerFactory.getLogger("name").debug("not so much");
      } finally {
        LogOutput.openStderr(Level.WARN);
      }

      assertThat(next(journal).lines())
          .contains("MESSAGE=a b", "LOGGER=name", "CODE_FUNC=placeIsThatOfTheLoggingCall");
      assertThat(journal.hasMessage()).isFalse();
    }
  }

  @Test
  void causeIsInTheMessageAndItsTraceInAFieldOfItsOwn() throws Exception {
    try (DatagramListener journal = journal()) {
      target().write(new LogEvent(Level.ERROR, "x", "failed", new IOException("one\ntwo")));

      assertThat(next(journal))
          .contains("MESSAGE\n", "failed: java.io.IOException: one\ntwo\n")
          .contains("EXCEPTION_TEXT\n", "\tat io.unionfs.cli.log.JournalTargetTest.");
    }
  }

  @Test
  void longestEntryIsADatagram() throws Exception {
    try (DatagramListener journal = journal()) {
      byte[] point = bytes("/" + "x".repeat(4094));
      JournalTarget target = JournalTarget.open(Sys.linux(), bytes(home), point);
      String much = "y".repeat(1 << 20);
      target.write(new LogEvent(Level.ERROR, "x".repeat(9000), much, new IOException(much)));

      byte[] entry = journal.receive();
      assertThat(entry).hasSizeLessThan(UnixDatagrams.MOST_BYTES);
      assertThat(new String(entry, StandardCharsets.UTF_8)).contains("yyy [", " bytes more]\n");
    }
  }

  @Test
  void linesThatAFullJournalDoesNotTakeAreCounted() throws Exception {
    try (DatagramListener journal = journal()) {
      JournalTarget target = target();
      int sent = 5000; // more than any queue is long (net.unix.max_dgram_qlen, SO_SNDBUF)
      for (int i = 0; i < sent; i++) {
        target.write(event("line " + i));
      }
      int taken = 0;
      while (journal.hasMessage()) {
        assertThat(next(journal)).startsWith("MESSAGE=line " + taken + "\n");
        taken++;
      }
      target.write(event("after"));

      assertThat(taken).isBetween(1, sent - 1);
      assertThat(next(journal))
          .startsWith(
              "MESSAGE=" + (sent - taken) + " lines before this: not taken by the journal\n")
          .contains("PRIORITY=4\n", "UNIONFS_MOUNT=/mnt/x\n");
      assertThat(next(journal)).startsWith("MESSAGE=after\n");
      target.write(event("again"));
      assertThat(next(journal)).startsWith("MESSAGE=again\n");
    }
  }

  @Test
  void linesThatAreMissingAtTheEndAreToldThen() throws Exception {
    JournalTarget target;
    try (DatagramListener journal = journal()) {
      target = target();
      target.finish();
      assertThat(journal.hasMessage()).isFalse();
    }
    target.write(event("lost"));
    target.write(event("lost"));
    target.finish();
    try (DatagramListener journal = journal()) {
      target.finish();
      target.finish();

      assertThat(next(journal))
          .startsWith("MESSAGE=2 lines before this: not taken by the journal\n");
      assertThat(journal.hasMessage()).isFalse();
    }
  }

  @Test
  void journalThatIsStartedAgainGetsWhatComesNext() throws Exception {
    JournalTarget target;
    try (DatagramListener journal = journal()) {
      target = target();
      target.write(event("before"));
      assertThat(next(journal)).startsWith("MESSAGE=before\n");
    }
    target.write(event("between"));
    try (DatagramListener journal = journal()) {
      target.write(event("afterwards"));

      assertThat(next(journal))
          .startsWith("MESSAGE=1 line before this: not taken by the journal\n");
      assertThat(next(journal)).startsWith("MESSAGE=afterwards\n");
    }
  }

  @Test
  void socketIsFoundWhereItsDirectoryWentTo() throws Exception {
    Path moved = home.resolveSibling(home.getFileName() + "-moved");
    try (DatagramListener journal = journal()) {
      JournalTarget target = target();
      Files.move(home, moved); // as if its path were covered by a mount
      try {
        target.write(event("still"));
        assertThat(next(journal)).startsWith("MESSAGE=still\n");
      } finally {
        Files.move(moved, home);
      }
    }
  }

  @Test
  void missingJournalIsSaid() throws Exception {
    assertThatThrownBy(this::target)
        .isInstanceOf(IOException.class)
        .hasMessage("no journal to log to: " + home + "/socket: No such file or directory");
    Files.createFile(home.resolve("socket"));
    assertThatThrownBy(this::target)
        .isInstanceOf(IOException.class)
        .hasMessage("no journal to log to: " + home + "/socket: Connection refused");
  }
}
