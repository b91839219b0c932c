package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;

/** What databases had committed is there after they, or the server below them, were killed. */
@Tag("system")
class KilledProgramsIT {
  private static final long PATIENCE_SECONDS = 60;
  private static final int ENOUGH = 10;

  /** Commits one row after the other, and says each number once it is committed. */
  private static final String WRITER =
      """
      import sqlite3, sys
      db = sqlite3.connect("rows.db", isolation_level=None)
      db.execute("pragma journal_mode=" + sys.argv[1])
      db.execute("pragma synchronous=full")
      n = db.execute("select coalesce(max(n), 0) from t").fetchone()[0]
      while True:
          n += 1
          db.execute("insert into t values(?, hex(randomblob(2000)))", (n,))
          print(n, flush=True)
      """;

  @MountTest
  void sqliteKeepsWhatItCommittedWhenItIsKilled(Union union) throws Exception {
    database(union);
    union.mount();

    for (String journal : List.of("wal", "delete")) {
      Path said = union.home().resolve("committed-" + journal);
      Process writer = writer(union, journal, said);
      writer.destroyForcibly();
      assertThat(writer.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      requireCommitted(union, said);
    }
  }

  @MountTest
  void sqliteKeepsWhatItCommittedWhenTheServerIsKilled(Union union) throws Exception {
    database(union);
    union.mount();

    for (String journal : List.of("wal", "delete")) {
      Path said = union.home().resolve("committed-" + journal);
      Process writer = writer(union, journal, said);
      union.server().destroyForcibly();
      Union.await("the server is gone", () -> !union.hasServer());
      // a mapped file of a dead server may end it by SIGBUS, an error by an exception
      assertThat(writer.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(writer.exitValue()).isNotZero();
      Command.of(union.account(), Tool.unionfs(), "umount", union.point().toString()).output();
      union.mount();
      requireCommitted(union, said);
    }
  }

  private static void database(Union union) throws IOException, InterruptedException {
    Command.script(
            union.account(),
            "cd '" + union.lower() + "'; sqlite3 rows.db 'create table t(n primary key, x)'")
        .output();
  }

  /** A writer that has committed some rows. */
  private static Process writer(Union union, String journal, Path said)
      throws IOException, InterruptedException {
    Path errors = union.home().resolve("writer.err");
    Process writer =
        Command.of(union.account(), "python3", "-c", WRITER, journal)
            .in(union.point())
            .start(said.toFile(), errors.toFile());
    Union.await("rows are committed", () -> !writer.isAlive() || lines(said).size() >= ENOUGH);
    assertThat(writer.isAlive()).as(Files.readString(errors)).isTrue();
    return writer;
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new AssertionError("cannot be read: " + file, e);
    }
  }

  private static void requireCommitted(Union union, Path said) throws Exception {
    List<String> committed = lines(said);
    String last = committed.get(committed.size() - 1);

    assertThat(
            union.run(
                "sqlite3 rows.db 'pragma integrity_check; select count(*) from t where n <= "
                    + last
                    + "'"))
        .isEqualTo("ok\n" + last + "\n");
  }
}
